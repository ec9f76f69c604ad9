import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { crc32Base64, PartReader } from './read-part.ts';

const BYTES = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 5));
const PART = { number: 2, offset: 100_000, size: 2_500_000 };
const EXPECTED = BYTES.subarray(PART.offset, PART.offset + PART.size);

describe('a part of a file', () => {
  it('comes with its checksum, and whole, also to a server that takes it slowly', async () => {
    await using folder = await tempDirectory('part');
    const path = join(folder.path, 'file');
    await writeFile(path, BYTES);
    const read = await new PartReader().read(path, PART);
    expect(read?.crc32).toBe(crc32Base64(EXPECTED));
    expect(read?.body.length).toBe(PART.size);
    const taken: Buffer[] = [];
    // As a socket does: what it was given is looked at later, and more is only asked for after that.
    for await (const chunk of read?.body.open() ?? []) {
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      taken.push(Buffer.from(chunk as Buffer));
    }
    expect(Buffer.concat(taken).equals(EXPECTED)).toBe(true);
  });

  it('is none while the file is too short', async () => {
    await using folder = await tempDirectory('part');
    const path = join(folder.path, 'file');
    await writeFile(path, BYTES.subarray(0, 200_000));
    expect(await new PartReader().read(path, PART)).toBeUndefined();
  });

  it('fails rather than ending early when the file becomes shorter while it is sent', async () => {
    await using folder = await tempDirectory('part');
    const path = join(folder.path, 'file');
    await writeFile(path, BYTES);
    const read = await new PartReader().read(path, PART);
    await truncate(path, 200_000);
    expect(read).toBeDefined();
    if (read !== undefined) await expect(buffer(read.body.open())).rejects.toThrow('shorter');
  });
});
