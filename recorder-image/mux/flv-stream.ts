import { FILE_HEADER_SIZE, readTagHeader, TAG_HEADER_SIZE, tagSize } from '../journal/flv.ts';
import type { Tag } from '../journal/flv.ts';

/** The audio and video tags of an FLV stream, as they come. Scripts are left out, and what is cut off at the end. */
export async function* flvTags(chunks: AsyncIterable<Buffer>): AsyncGenerator<Tag, void, undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  /** Of the next tag in them. */
  let offset = FILE_HEADER_SIZE;
  for await (const chunk of chunks) {
    bytes = Buffer.concat([bytes, chunk]);
    while (offset + TAG_HEADER_SIZE <= bytes.length) {
      const size = tagSize(bytes.readUIntBE(offset + 1, 3));
      if (offset + size > bytes.length) break;
      const header = readTagHeader(bytes, offset);
      const start = offset + TAG_HEADER_SIZE;
      if (header !== undefined)
        yield { ...header, payload: bytes.subarray(start, start + header.payloadSize) };
      offset += size;
    }
    const read = Math.min(offset, bytes.length);
    bytes = bytes.subarray(read);
    offset -= read;
  }
}
