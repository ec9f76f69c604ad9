import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { PartGoneError } from './part-gone-error.ts';
import { MemoryStore, storeError } from './testing/memory-store.ts';
import { KEY, outputIn, testUploader } from './testing/test-uploader.ts';

const STREAMED = randomBytes(3500);
const forever = new AbortController().signal;

async function* chunks(bytes = STREAMED): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 300) yield await Promise.resolve(bytes.subarray(at, at + 300));
}

async function broken(): Promise<void> {
  await Promise.resolve();
  throw new Error('FFmpeg was killed');
}

describe('a file that is sent while it is made', () => {
  it('takes the place of what was sent of the file before, in the same upload', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    await writeFile(outputIn(folder.path), randomBytes(4200));
    const killed = new AbortController();
    store.fate = (request) => {
      if (request === 5) killed.abort(new Error('the disk is full'));
      return undefined;
    };
    const uploader = await testUploader(folder.path, store);
    await expect(uploader.run(killed.signal)).rejects.toThrow('the disk is full');
    store.fate = () => undefined;
    const file = await uploader.stream(chunks(), Promise.resolve(), forever);
    expect(file).toEqual({ key: KEY, sizeBytes: STREAMED.length, etag: expect.any(String) });
    expect(store.bodyOf(KEY)?.equals(STREAMED)).toBe(true);
    expect(store.open).toBe(0);
    // A recorder that is started again knows that it is done.
    expect((await testUploader(folder.path, store)).completed).toEqual(file);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is whole when request %i fails, or its answer is lost', async (at) => {
    for (const afterwards of [false, true]) {
      await using folder = await tempDirectory('upload');
      const store = new MemoryStore();
      store.fate = (request) =>
        request === at ? { error: storeError('SlowDown', 'transient'), afterwards } : undefined;
      const uploader = await testUploader(folder.path, store);
      await uploader.stream(chunks(), Promise.resolve(), forever);
      expect(store.bodyOf(KEY)?.equals(STREAMED)).toBe(true);
      expect(store.open).toBe(0);
    }
  });

  it('does not become an object when it was not made to its end', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const uploader = await testUploader(folder.path, store);
    const part = chunks(STREAMED.subarray(0, 2000));
    await expect(uploader.stream(part, broken(), forever)).rejects.toThrow('FFmpeg was killed');
    expect(store.bodyOf(KEY)).toBeUndefined();
    await uploader.stream(chunks(), Promise.resolve(), forever);
    expect(store.bodyOf(KEY)?.equals(STREAMED)).toBe(true);
  });

  it('has to come once more when the upload was aborted meanwhile', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    store.fate = (request) => {
      if (request === 3) store.abortUploads();
      return undefined;
    };
    const uploader = await testUploader(folder.path, store);
    await expect(uploader.stream(chunks(), Promise.resolve(), forever)).rejects.toThrow(PartGoneError);
    await uploader.stream(chunks(), Promise.resolve(), forever);
    expect(store.bodyOf(KEY)?.equals(STREAMED)).toBe(true);
  });
});
