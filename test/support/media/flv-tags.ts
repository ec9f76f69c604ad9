import { readFile } from 'node:fs/promises';
import {
  FILE_HEADER_SIZE,
  readTagHeader,
  TAG_HEADER_SIZE,
  tagSize,
  trackOfType,
} from '../../../recorder-image/journal/flv.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import { payloadKind } from '../../../recorder-image/journal/payload.ts';

/** The audio and video tags of an FLV file, in order, codec configurations included; its script is left out. */
export async function readFlvTags(file: string): Promise<Tag[]> {
  const bytes = await readFile(file);
  const tags: Tag[] = [];
  for (let offset = FILE_HEADER_SIZE; offset + TAG_HEADER_SIZE <= bytes.length;) {
    const payloadSize = bytes.readUIntBE(offset + 1, 3);
    const header = trackOfType(bytes[offset]) === undefined ? undefined : readTagHeader(bytes, offset);
    const start = offset + TAG_HEADER_SIZE;
    const payload = bytes.subarray(start, start + payloadSize);
    // Some end with a tag that says so and nothing else.
    if (header !== undefined && payloadKind(header.track, payload) !== 'other')
      tags.push({ track: header.track, timestampMs: header.timestampMs, payload });
    offset += tagSize(payloadSize);
  }
  return tags;
}

/** Whether it is no media, but says how the media that follows is coded. */
export function isConfig({ track, payload }: Tag): boolean {
  return payloadKind(track, payload) === 'config';
}
