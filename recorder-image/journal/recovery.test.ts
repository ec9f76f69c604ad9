import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { fileHeader, FILE_HEADER_SIZE, tagSize, writeTag } from './flv.ts';
import type { Tag } from './flv.ts';
import { recoverFile } from './recovery.ts';
import { AAC_CONFIG, audioFrame, AVC_CONFIG, videoFrame } from './testing/tags.ts';

const TAGS: readonly Tag[] = [
  { track: 'video', timestampMs: 0, payload: AVC_CONFIG },
  { track: 'audio', timestampMs: 0, payload: AAC_CONFIG },
  { track: 'video', timestampMs: 0, payload: videoFrame(1) },
  { track: 'audio', timestampMs: 21, payload: audioFrame(2) },
  { track: 'video', timestampMs: 33, payload: videoFrame(3, 40) },
];

function fileOf(tags: readonly Tag[]): Buffer {
  const sizes = tags.map(({ payload }) => tagSize(payload.length));
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let offset = 0;
  for (const tag of tags) offset = writeTag(bytes, offset, tag);
  return Buffer.concat([fileHeader(new Set(['audio', 'video'])), bytes]);
}

async function recover(
  bytes: Buffer,
): Promise<{ tags: Tag[]; size: number; discarded: number; left: Buffer }> {
  await using folder = await tempDirectory('recovery');
  const path = join(folder.path, 'take-1.flv');
  await writeFile(path, bytes);
  const tags: Tag[] = [];
  const file = await recoverFile(path, (tag) => tags.push({ ...tag, payload: Buffer.from(tag.payload) }));
  expect((await stat(path)).size).toBe(file.size);
  return { ...file, tags, left: await readFile(path) };
}

describe('recovering a journal', () => {
  it('finds every tag of a whole file and changes nothing', async () => {
    const found = await recover(fileOf(TAGS));
    expect(found.tags).toEqual(
      TAGS.map(({ track, timestampMs, payload }) => expect.objectContaining({ track, timestampMs, payload })),
    );
    expect(found.discarded).toBe(0);
  });

  it('keeps the whole tags of a file that was cut anywhere, and cuts off the rest', async () => {
    const whole = fileOf(TAGS);
    const ends = TAGS.map((_, count) => fileOf(TAGS.slice(0, count + 1)).length);
    for (let cut = FILE_HEADER_SIZE; cut < whole.length; cut += 1) {
      const count = ends.filter((end) => end <= cut).length;
      const found = await recover(whole.subarray(0, cut));
      expect({ cut, tags: found.tags.length }).toEqual({ cut, tags: count });
      expect(found.left.equals(whole.subarray(0, ends[count - 1] ?? FILE_HEADER_SIZE))).toBe(true);
    }
  });

  it('stops at what a power failure has left of unwritten blocks', async () => {
    const whole = fileOf(TAGS);
    const found = await recover(Buffer.concat([whole, Buffer.alloc(4096)]));
    expect(found).toMatchObject({ size: whole.length, discarded: 4096 });
  });

  it('finds nothing in a file whose header was not finished', async () => {
    expect(await recover(Buffer.from('FLV'))).toMatchObject({ size: 0, tags: [] });
    expect(await recover(Buffer.alloc(0))).toMatchObject({ size: 0, tags: [] });
  });

  it('reads tags that are larger than its buffer', async () => {
    const large: Tag = { track: 'video', timestampMs: 5, payload: videoFrame(7, 3_000_000) };
    const tags = [...TAGS, large, ...TAGS];
    const found = await recover(fileOf(tags));
    expect(found.tags.map(({ payload }) => payload.length)).toEqual(
      tags.map(({ payload }) => payload.length),
    );
  });
});
