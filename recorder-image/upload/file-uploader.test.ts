import { randomBytes } from 'node:crypto';
import { open as openFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { FileUploader } from './file-uploader.ts';
import type { PunchHole } from './free-parts.ts';
import { MemoryStore, storeError } from './testing/memory-store.ts';
import { KEY, outputIn, PART, testUploader } from './testing/test-uploader.ts';

const FINISHED = randomBytes(3500);
/** As FFmpeg leaves it before the end: shorter, and with other first bytes. */
const GROWING = Buffer.concat([Buffer.alloc(50, 0), FINISHED.subarray(50, 2100)]);

interface Bench {
  readonly path: string;
  readonly troubles: (string | undefined)[];
  readonly open: (store: MemoryStore) => Promise<FileUploader>;
}

function benchIn(folder: string, punchHole?: PunchHole): Bench {
  const troubles: (string | undefined)[] = [];
  const onTrouble = (message: string | undefined): void => void troubles.push(message);
  const space = punchHole === undefined ? {} : { space: { punchHole, batchBytes: PART } };
  return {
    path: outputIn(folder),
    troubles,
    open: (store) => testUploader(folder, store, { onTrouble, ...space }),
  };
}

const forever = new AbortController().signal;

describe('an upload', () => {
  it('sends what is there while the file grows, and the rest and the changed beginning at the end', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, GROWING);
    const uploader = await open(store);
    const uploaded = uploader.run(forever);
    await waitFor(() => store.partsSent === 2, { what: 'the two full parts' });
    await writeFile(path, FINISHED);
    uploader.finish();
    expect(await uploaded).toEqual({ key: KEY, sizeBytes: FINISHED.length, etag: expect.any(String) });
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
    expect(store.partsSent).toBe(5);
  });

  it('makes the same object wherever its process is killed, before or after a request took effect', async () => {
    for (const afterwards of [false, true]) {
      for (let at = 1; at <= 7; at += 1) {
        await using folder = await tempDirectory('upload');
        const { path, open } = benchIn(folder.path);
        const store = new MemoryStore();
        await writeFile(path, FINISHED);

        const killed = new AbortController();
        store.fate = (request) => {
          if (request < at) return undefined;
          killed.abort(new Error('killed'));
          return { error: new Error('killed'), afterwards };
        };
        const first = await open(store);
        first.finish();
        await expect(first.run(killed.signal)).rejects.toThrow('killed');

        store.fate = () => undefined;
        const second = await open(store);
        second.finish();
        expect(await second.run(forever)).toMatchObject({ sizeBytes: FINISHED.length });
        expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
      }
    }
  });

  it('uses parts again that an earlier process sent, and not those that have changed', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, GROWING);
    const killed = new AbortController();
    const first = (await open(store)).run(killed.signal);
    await waitFor(
      async () => (await readFile(join(folder.path, 'upload.json'), 'utf8')).includes('"number":2'),
      {
        what: 'the second part',
      },
    );
    killed.abort(new Error('killed'));
    await expect(first).rejects.toThrow('killed');

    await writeFile(path, FINISHED);
    const second = await open(store);
    second.finish();
    await second.run(forever);
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
    // Two before; of the four then, the second is used again.
    expect(store.partsSent).toBe(5);
  });

  it('goes on through trouble, and says why it waits', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open, troubles } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, FINISHED);
    store.fate = (request) =>
      request === 2 ? { error: storeError('SlowDown', 'transient'), afterwards: false } : undefined;
    const uploader = await open(store);
    uploader.finish();
    await uploader.run(forever);
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
    expect(troubles).toContain('SlowDown');
    expect(troubles.at(-1)).toBeUndefined();
  });

  it('begins again when the upload was aborted', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, FINISHED);
    store.fate = (request) => {
      if (request === 4) store.abortUploads();
      return undefined;
    };
    const uploader = await open(store);
    uploader.finish();
    await uploader.run(forever);
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
  });

  it('does not end for a refusal while the recording lasts', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open, troubles } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, GROWING);
    store.fate = () => ({ error: storeError('NoSuchBucket', 'refused'), afterwards: false });
    const uploader = await open(store);
    const uploaded = uploader.run(forever);
    await waitFor(() => troubles.length > 1, { what: 'two refusals' });
    store.fate = () => undefined;
    await writeFile(path, FINISHED);
    uploader.finish();
    await uploaded;
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
  });

  it('ends when the finished file is refused for too long', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, FINISHED);
    store.fate = () => ({ error: storeError('AccessDenied', 'refused'), afterwards: false });
    const uploader = await open(store);
    uploader.finish();
    await expect(uploader.run(forever)).rejects.toMatchObject({ name: 'UploadError', code: 'AccessDenied' });
  });

  it('does not leave an upload behind whose id it did not learn', async () => {
    for (const how of ['the answer is lost', 'the process is killed'] as const) {
      await using folder = await tempDirectory('upload');
      const { path, open } = benchIn(folder.path);
      const store = new MemoryStore();
      await writeFile(path, FINISHED);
      const killed = new AbortController();
      store.fate = (request) => {
        if (request !== 1) return undefined;
        if (how === 'the process is killed') killed.abort(new Error('killed'));
        return { error: storeError('TimeoutError', 'transient'), afterwards: true };
      };
      const first = await open(store);
      first.finish();
      await first.run(killed.signal).catch(() => undefined);
      const second = await open(store);
      second.finish();
      await second.run(forever);
      expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
      expect(store.open).toBe(0);
    }
  });

  it('gives the space back of what is in S3 for good, and asks for the file again when S3 has lost it', async () => {
    await using folder = await tempDirectory('upload');
    const zeroes: PunchHole = async (file, offset, length) => {
      await using handle = await openFile(file, 'r+');
      await handle.write(Buffer.alloc(length), 0, length, offset);
    };
    const { path, open } = benchIn(folder.path, zeroes);
    const store = new MemoryStore();
    await writeFile(path, FINISHED);
    const uploader = await open(store);
    uploader.finish();
    // The fourth part is refused as S3 forgets the upload: the second one has been freed by then.
    store.fate = (request) => {
      if (request === 6) store.abortUploads();
      return undefined;
    };
    await expect(uploader.run(forever)).rejects.toMatchObject({ name: 'PartGoneError' });
    expect((await readFile(path)).subarray(PART, 2 * PART).every((byte) => byte === 0)).toBe(true);

    store.fate = () => undefined;
    await writeFile(path, FINISHED);
    uploader.restarted();
    uploader.finish();
    await uploader.run(forever);
    expect(store.bodyOf(KEY)?.equals(FINISHED)).toBe(true);
  });

  it('ends at a fault of the program, which no other try would mend', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, GROWING);
    store.fate = () => ({ error: new TypeError('undefined is not a function'), afterwards: false });
    await expect((await open(store)).run(forever)).rejects.toThrow(TypeError);
  });

  it('compares what was sent with a file that is made again while it still grows', async () => {
    await using folder = await tempDirectory('upload');
    const { path, open } = benchIn(folder.path);
    const store = new MemoryStore();
    await writeFile(path, GROWING);
    const uploader = await open(store);
    const uploaded = uploader.run(forever);
    await waitFor(() => store.partsSent === 2, { what: 'the two full parts' });
    const other = Buffer.from(FINISHED);
    other.fill(7, 1500, 1600);
    await writeFile(path, Buffer.concat([GROWING.subarray(0, 50), other.subarray(50, 2100)]));
    uploader.restarted();
    await waitFor(() => store.partsSent === 3, { what: 'the second part, which has changed' });
    await writeFile(path, other);
    uploader.finish();
    await uploaded;
    expect(store.bodyOf(KEY)?.equals(other)).toBe(true);
  });
});
