import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { hasWholeBoxes } from './whole-boxes.ts';

function box(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32BE(length);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

function largeBox(type: string, length: number): Buffer {
  const bytes = box(type, length);
  bytes.writeUInt32BE(1);
  bytes.writeBigUInt64BE(BigInt(length), 8);
  return bytes;
}

const segment = Buffer.concat([box('styp', 24), box('moof', 100), largeBox('mdat', 500)]);

describe('a segment', () => {
  it.each([
    { what: 'that was written', bytes: segment, whole: true },
    { what: 'without its end', bytes: segment.subarray(0, -1), whole: false },
    { what: 'that breaks off in a header', bytes: segment.subarray(0, 28), whole: false },
    { what: 'of which nothing was written', bytes: Buffer.alloc(0), whole: false },
    { what: 'of zeros', bytes: Buffer.alloc(100), whole: false },
  ])('$what is whole: $whole', async ({ bytes, whole }) => {
    await using folder = await tempDirectory('boxes');
    const path = join(folder.path, 'segment.m4s');
    await writeFile(path, bytes);
    expect(await hasWholeBoxes(path)).toBe(whole);
  });

  it('that is not there is not whole', async () => {
    await using folder = await tempDirectory('boxes');
    expect(await hasWholeBoxes(join(folder.path, 'none'))).toBe(false);
  });
});
