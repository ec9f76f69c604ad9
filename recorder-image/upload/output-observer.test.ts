import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { StoreFailure } from './object-store.ts';
import type { OutputObserver } from './output-observer.ts';
import { PlaylistPublisher } from './playlist-publisher.ts';
import { INIT_FILE, PLAYLIST_FILE } from './segment-files.ts';
import { openSegmentsUploader } from './segments-uploader.ts';
import { MemoryStore, storeError } from './testing/memory-store.ts';
import { outputIn, PART, testUploader } from './testing/test-uploader.ts';

const forever = new AbortController().signal;
const FINISHED = randomBytes(4500);
/** What is there while it grows has other first bytes. */
const GROWING = Buffer.concat([Buffer.alloc(50), FINISHED.subarray(50)]);

/** Keeps what it was given, since it was last told that all begins again. */
class Recorded implements OutputObserver {
  #bytes: Buffer[] = [];
  #final: Buffer = Buffer.alloc(0);
  restarts = 0;

  get bytes(): Buffer {
    return Buffer.concat(this.#bytes);
  }

  get part1(): Buffer {
    return this.#final;
  }

  restart(): void {
    this.restarts += 1;
    this.#bytes = [];
    this.#final = Buffer.alloc(0);
  }

  write(bytes: Buffer): void {
    this.#bytes.push(Buffer.from(bytes));
  }

  finalPart1(bytes: Buffer, offset: number): void {
    this.#final = Buffer.concat([this.#final.subarray(0, offset), bytes]);
  }
}

describe('who observes an output', () => {
  it('sees each byte once and in order while it grows, and the changed first part at the end', async () => {
    await using folder = await tempDirectory('upload');
    const path = outputIn(folder.path);
    const store = new MemoryStore();
    const observer = new Recorded();
    await writeFile(path, GROWING.subarray(0, 2100));
    const uploader = await testUploader(folder.path, store, { observer });
    const uploaded = uploader.run(forever);
    await waitFor(() => store.partsSent === 2, { what: 'two parts' });
    expect(observer.bytes.equals(GROWING.subarray(0, 2 * PART))).toBe(true);
    expect(observer.part1).toHaveLength(0);
    await writeFile(path, FINISHED);
    uploader.finish();
    await uploaded;
    expect(observer.bytes.equals(GROWING)).toBe(true);
    expect(observer.part1.equals(FINISHED.subarray(0, PART))).toBe(true);
    expect(observer.restarts).toBe(0);
  });

  it('sees a file that was finished before anything was read as it is', async () => {
    for (const size of [300, PART, 2 * PART, 4500]) {
      await using folder = await tempDirectory('upload');
      const observer = new Recorded();
      await writeFile(outputIn(folder.path), FINISHED.subarray(0, size));
      const uploader = await testUploader(folder.path, new MemoryStore(), { observer });
      uploader.finish();
      await uploader.run(forever);
      expect(observer.bytes.equals(FINISHED.subarray(0, size))).toBe(true);
      expect(observer.part1.equals(FINISHED.subarray(0, Math.min(size, PART)))).toBe(true);
    }
  });

  it('sees the same whichever request fails, or does its work and is not answered', async () => {
    const sees = async (failure: StoreFailure, at: number): Promise<void> => {
      await using folder = await tempDirectory('upload');
      const store = new MemoryStore();
      const observer = new Recorded();
      const afterwards = failure === 'transient';
      store.fate = (request) =>
        request === at ? { error: storeError(failure, failure), afterwards } : undefined;
      await writeFile(outputIn(folder.path), FINISHED);
      const uploader = await testUploader(folder.path, store, { observer });
      uploader.finish();
      await uploader.run(forever);
      expect(observer.bytes.equals(FINISHED)).toBe(true);
      expect(observer.part1.equals(FINISHED.subarray(0, PART))).toBe(true);
    };
    const requests = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const failures = ['transient', 'no-such-upload', 'invalid-part'] as const;
    await Promise.all(failures.flatMap((failure) => requests.map((at) => sees(failure, at))));
  }, 30_000);

  it('sees all of it again when it is made again, and in a recorder that is started again', async () => {
    await using folder = await tempDirectory('upload');
    const path = outputIn(folder.path);
    const store = new MemoryStore();
    const observer = new Recorded();
    await writeFile(path, GROWING.subarray(0, 3100));
    const killed = new AbortController();
    const first = await testUploader(folder.path, store, { observer });
    const running = first.run(killed.signal);
    await waitFor(() => store.partsSent === 3, { what: 'three parts' });
    first.restarted();
    expect(observer.restarts).toBe(1);
    await waitFor(() => observer.bytes.length === 3 * PART, { what: 'all of it to be read again' });
    expect(observer.bytes.equals(GROWING.subarray(0, 3 * PART))).toBe(true);
    expect(store.partsSent).toBe(3);
    killed.abort(new Error('killed'));
    await expect(running).rejects.toThrow('killed');

    const other = new Recorded();
    const second = await testUploader(folder.path, store, { observer: other });
    const again = second.run(forever);
    second.restarted();
    await waitFor(() => other.bytes.length === 3 * PART, { what: 'all of it to be read by another one' });
    await writeFile(path, FINISHED);
    second.finish();
    await again;
    expect(other.bytes.equals(GROWING)).toBe(true);
    expect(other.part1.equals(FINISHED.subarray(0, PART))).toBe(true);
  });

  it('sees what is sent without a file', async () => {
    await using folder = await tempDirectory('upload');
    const observer = new Recorded();
    const store = new MemoryStore();
    store.fate = (request) =>
      request === 3 ? { error: storeError('SlowDown', 'transient'), afterwards: true } : undefined;
    const uploader = await testUploader(folder.path, store, { observer });
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < FINISHED.length; at += 700)
        yield await Promise.resolve(FINISHED.subarray(at, at + 700));
    }
    await uploader.stream(chunks(), Promise.resolve(), forever);
    expect(observer.bytes.equals(FINISHED)).toBe(true);
    expect(observer.restarts).toBe(1);
  });
});

describe('who observes segments', () => {
  const box = (name: string): Buffer => {
    const bytes = Buffer.from(`....free${name}`);
    bytes.writeUInt32BE(bytes.length);
    return bytes;
  };
  const NAMES = ['00000.m4s', '00001.m4s', '00002.m4s'];

  async function makeSegments(folder: string): Promise<string> {
    await mkdir(folder);
    for (const name of [INIT_FILE, ...NAMES]) await writeFile(join(folder, name), box(name));
    const lines = NAMES.flatMap((name) => ['#EXTINF:6.000000,', name]);
    await writeFile(join(folder, PLAYLIST_FILE), ['#EXTM3U', ...lines, '#EXT-X-ENDLIST', ''].join('\n'));
    return folder;
  }

  async function sees(at: number): Promise<void> {
    const expected = Buffer.concat([INIT_FILE, ...NAMES].map(box));
    await using folder = await tempDirectory('segments');
    const store = new MemoryStore();
    const observer = new Recorded();
    const object = { key: 'a.m3u8', contentType: 'application/vnd.apple.mpegurl', metadata: {} };
    const uploader = await openSegmentsUploader({
      store,
      playlist: new PlaylistPublisher({ store, object, times: () => ({}), folder: 'a' }),
      takeIndex: 1,
      startsAt: () => 0,
      folder: 'a',
      metadata: {},
      statePath: join(folder.path, 'upload.json'),
      onProgress: () => undefined,
      giveUpAfterMs: 10,
      random: () => 0,
      onTrouble: () => undefined,
      log: pino({ level: 'silent' }),
      observer,
    });
    store.fate = (request) =>
      request === at ? { error: storeError('SlowDown', 'transient'), afterwards: true } : undefined;
    const running = uploader.run(forever);
    for (const making of ['first', 'second']) {
      uploader.writtenTo(await makeSegments(join(folder.path, making)));
      uploader.restarted();
      await waitFor(() => observer.bytes.length >= expected.length, { what: 'all segments to be read' });
      expect(observer.bytes.equals(expected)).toBe(true);
    }
    expect(observer.restarts).toBe(2);
    uploader.finish();
    await running;
  }

  it('sees the initialisation first and then each one, once, and all again when they are made again', async () => {
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map(sees));
  }, 60_000);
});
