import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { PartGoneError } from './part-gone-error.ts';
import { MemoryStore, storeError } from './testing/memory-store.ts';
import { KEY, outputIn, PART, testUploader } from './testing/test-uploader.ts';

const forever = new AbortController().signal;
const FILE = randomBytes(5500);

describe('an upload that is lost', () => {
  it('is sent twice more, and then only looked at, by whoever comes', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const reuploads: string[] = [];
    await writeFile(outputIn(folder.path), FILE);
    // A store that says that it has completed it, under no name, and has nothing.
    const complete = store.complete.bind(store);
    store.complete = async (upload) => {
      await complete(upload);
      store.rewrite(KEY, () => undefined);
      return {};
    };
    const onReupload = (why: string): void => void reuploads.push(why);
    const first = await testUploader(folder.path, store, { onReupload });
    first.finish();
    await expect(first.run(forever)).rejects.toMatchObject({ code: 'NotKept' });
    expect(store.completions).toBe(3);
    expect(reuploads).toHaveLength(2);

    const second = await testUploader(folder.path, store, { onReupload });
    second.finish();
    await expect(second.run(forever)).rejects.toMatchObject({ code: 'NotKept' });
    expect(store.completions).toBe(3);
    expect(store.open).toBe(0);
  });

  it('does not end a recording that goes on', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const troubles: (string | undefined)[] = [];
    await writeFile(outputIn(folder.path), FILE);
    store.sendPart = () => Promise.reject(storeError('NoSuchUpload', 'no-such-upload'));
    const stop = new AbortController();
    const uploader = await testUploader(folder.path, store, {
      onTrouble: (message) => {
        troubles.push(message);
        if (troubles.filter((text) => text?.startsWith('NotKept') === true).length === 2)
          stop.abort(new Error('enough'));
      },
    });
    await expect(uploader.run(stop.signal)).rejects.toThrow('enough');
  });
});

describe('an object', () => {
  it('that was completed is believed to have been, by a recorder that is started again before it was looked at', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    await writeFile(outputIn(folder.path), FILE);
    const killed = new AbortController();
    const first = await testUploader(folder.path, store);
    first.finish();
    store.onCompleted = () => {
      store.fate = () => {
        killed.abort(new Error('killed'));
        return { error: new Error('killed'), afterwards: false };
      };
    };
    await expect(first.run(killed.signal)).rejects.toThrow('killed');
    store.rewrite(KEY, () => undefined);
    store.fate = () => undefined;
    const second = await testUploader(folder.path, store);
    expect(await second.run(forever)).toMatchObject({ key: KEY, sizeBytes: FILE.length });
    expect(store.completions).toBe(1);
  });

  it('of another recording is not replaced, and what was sent stays', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    await writeFile(outputIn(folder.path), FILE);
    const metadata = { 'recording-id': 'b' };
    const uploader = await testUploader(folder.path, store);
    uploader.finish();
    store.fate = (request) => {
      // Once all parts are sent.
      if (request === 8)
        void store.put({ key: KEY, contentType: 'video/mp4', metadata, body: Buffer.from('b'), crc32: '' });
      return undefined;
    };
    await expect(uploader.run(forever)).rejects.toMatchObject({ code: 'KeyTaken' });
    expect(store.bodyOf(KEY)?.toString()).toBe('b');
    expect(store.open).toBe(1);
  });
});

describe('parts', () => {
  it('go three at a time when there are several to be sent, and one after the other when the store has had enough', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    await writeFile(outputIn(folder.path), FILE);
    let [now, most, failures] = [0, 0, 1];
    const widths: number[] = [];
    const sendPart = store.sendPart.bind(store);
    store.sendPart = async (part) => {
      now += 1;
      most = Math.max(most, now);
      try {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (failures > 0) {
          failures -= 1;
          widths.push(most);
          most = 0;
          throw storeError('SlowDown', 'transient');
        }
        return await sendPart(part);
      } finally {
        now -= 1;
      }
    };
    const uploader = await testUploader(folder.path, store);
    uploader.finish();
    await uploader.run(forever);
    expect(widths).toEqual([3]);
    expect(store.bodyOf(KEY)?.equals(FILE)).toBe(true);
  });

  it('are larger in another upload when there would be more than the store takes', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const path = outputIn(folder.path);
    await writeFile(path, FILE.subarray(0, 3 * PART));
    const uploader = await testUploader(folder.path, store, { maxParts: 4 });
    uploader.finish();
    await writeFile(path, FILE);
    await uploader.run(forever);
    expect(store.bodyOf(KEY)?.equals(FILE)).toBe(true);
    expect(uploader.report).toMatchObject({ partSize: 4 * PART });
    expect(store.open).toBe(0);
  });

  it('are larger in a file that is made again, where some of this one are gone', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const path = outputIn(folder.path);
    await writeFile(path, FILE.subarray(0, 3 * PART));
    const space = { punchHole: () => Promise.resolve(), batchBytes: PART };
    const uploader = await testUploader(folder.path, store, { maxParts: 4, space });
    const uploaded = uploader.run(forever);
    await waitFor(() => store.partsSent === 3, { what: 'three parts to be sent, and two to be gone' });
    await writeFile(path, FILE);
    uploader.finish();
    await expect(uploaded).rejects.toThrow(PartGoneError);
    uploader.restarted();
    uploader.finish();
    await uploader.run(forever);
    expect(store.bodyOf(KEY)?.equals(FILE)).toBe(true);
    expect(store.open).toBe(0);
  });

  it('are larger as well where there is no file', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    const uploader = await testUploader(folder.path, store, { maxParts: 4 });
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < FILE.length; at += 700) yield await Promise.resolve(FILE.subarray(at, at + 700));
    }
    await expect(uploader.stream(chunks(), Promise.resolve(), forever)).rejects.toThrow(PartGoneError);
    await uploader.stream(chunks(), Promise.resolve(), forever);
    expect(store.bodyOf(KEY)?.equals(FILE)).toBe(true);
    expect(store.open).toBe(0);
  });
});

describe('the state', () => {
  it('is whole after parts that were sent side by side', async () => {
    await using folder = await tempDirectory('upload');
    const store = new MemoryStore();
    await writeFile(outputIn(folder.path), FILE);
    const first = await testUploader(folder.path, store);
    first.finish();
    await first.run(forever);
    const second = await testUploader(folder.path, store, { statePath: join(folder.path, 'upload.json') });
    expect(second.completed).toEqual(first.completed);
    expect(second.report.parts).toHaveLength(6);
  });
});
