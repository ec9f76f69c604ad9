import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { openFileUploader } from './file-uploader.ts';
import type { FileUploader } from './file-uploader.ts';
import { MemoryStore, storeError } from './testing/memory-store.ts';

const PART = 1000;
const KEY = 'recordings/a.mp4';
const FINISHED = randomBytes(3500);
/** As FFmpeg leaves it before the end: shorter, and with other first bytes. */
const GROWING = Buffer.concat([Buffer.alloc(50, 0), FINISHED.subarray(50, 2100)]);

interface Bench {
  readonly path: string;
  readonly troubles: (string | undefined)[];
  readonly open: (store: MemoryStore) => Promise<FileUploader>;
}

function benchIn(folder: string, giveUpAfterMs = 10): Bench {
  const path = join(folder, 'take-1.mp4');
  const troubles: (string | undefined)[] = [];
  const open = (store: MemoryStore): Promise<FileUploader> =>
    openFileUploader({
      store,
      object: { key: KEY, contentType: 'video/mp4', metadata: { 'recording-id': 'a' } },
      path,
      statePath: join(folder, 'upload.json'),
      partSize: PART,
      giveUpAfterMs,
      random: () => 0,
      log: pino({ level: 'silent' }),
      onProgress: () => undefined,
      onTrouble: (message) => troubles.push(message),
    });
  return { path, troubles, open };
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
    expect(await uploaded).toEqual({ key: KEY, sizeBytes: FINISHED.length });
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
});
