import { readFile } from 'node:fs/promises';
import {
  FILE_HEADER_SIZE,
  readTagHeader,
  TAG_HEADER_SIZE,
  tagSize,
  trackOfType,
} from '../../../recorder-image/journal/flv.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import { readMessage } from '../../../recorder-image/media/flv-packets.ts';
import type { MessageContent } from '../../../recorder-image/media/track.ts';

/** The audio and video tags of an FLV file, in order, codec configurations included; its script is left out. */
export async function readFlvTags(file: string): Promise<Tag[]> {
  const bytes = await readFile(file);
  const tags: Tag[] = [];
  for (let offset = FILE_HEADER_SIZE; offset + TAG_HEADER_SIZE <= bytes.length;) {
    const payloadSize = bytes.readUIntBE(offset + 1, 3);
    const header = trackOfType(bytes[offset]) === undefined ? undefined : readTagHeader(bytes, offset);
    const start = offset + TAG_HEADER_SIZE;
    const payload = bytes.subarray(start, start + payloadSize);
    const tag = header && { track: header.track, timestampMs: header.timestampMs, payload };
    // Some end with a tag that says so and nothing else.
    if (tag !== undefined && !isEmpty(contentOf(tag))) tags.push(tag);
    offset += tagSize(payloadSize);
  }
  return tags;
}

/** Whether it is no media, but says how the media that follows is coded. */
export function isConfig(tag: Tag): boolean {
  const { configs, packets } = contentOf(tag);
  return configs.length > 0 && packets.length === 0;
}

function contentOf({ track: kind, timestampMs, payload }: Tag): MessageContent {
  return readMessage({ kind, timestampMs, payload });
}

function isEmpty({ configs, packets, unknown }: MessageContent): boolean {
  return configs.length + packets.length + unknown.length === 0;
}
