import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import {
  FILE_HEADER_SIZE,
  hasTrailer,
  isFileHeader,
  readTagHeader,
  TAG_HEADER_SIZE,
  tagSize,
} from './flv.ts';
import type { Tag } from './flv.ts';

const CHUNK_BYTES = 1024 * 1024;

export interface RecoveredFile {
  /** Bytes of whole tags, header included; 0 for a file whose header was not finished. */
  readonly size: number;
  /** Bytes that were behind them: a tag that was being written when the process died. */
  readonly discarded: number;
  /** When the file was last written, as a Unix time in ms: that is when its last tag came. */
  readonly writtenAt: number;
}

/** Reads the file's whole tags in order, calling `onTag` for each, and cuts off what is left behind the last one. */
export async function recoverFile(path: string, onTag: (tag: Tag) => void): Promise<RecoveredFile> {
  await using handle = await open(path, 'r+');
  const { size: found, mtimeMs } = await handle.stat();
  const size = await scan(handle, onTag);
  if (size < found) {
    await handle.truncate(size);
    await handle.sync();
  }
  return { size, discarded: found - size, writtenAt: mtimeMs };
}

/** Reads the whole tags of a file that nobody writes any more. */
export async function readTags(path: string, onTag: (tag: Tag) => void): Promise<void> {
  await using handle = await open(path, 'r');
  await scan(handle, onTag);
}

async function scan(handle: FileHandle, onTag: (tag: Tag) => void): Promise<number> {
  const header = Buffer.alloc(FILE_HEADER_SIZE);
  const { bytesRead } = await handle.read(header, 0, FILE_HEADER_SIZE, 0);
  if (!isFileHeader(header.subarray(0, bytesRead))) return 0;
  let position = FILE_HEADER_SIZE;
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  while (true) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    const bytes = buffer.subarray(0, bytesRead);
    const { consumed, needed } = readWholeTags(bytes, onTag);
    position += consumed;
    if (bytesRead < buffer.length) return position;
    if (consumed > 0) continue;
    if (needed <= buffer.length) return position;
    buffer = Buffer.allocUnsafe(needed);
  }
}

/**
 * Calls `onTag` for each whole tag. `needed` is the size of the first one that is not wholly there, or 0 where no tag can
 * stand.
 */
export function readWholeTags(
  bytes: Buffer,
  onTag: (tag: Tag) => void,
): { readonly consumed: number; readonly needed: number } {
  let offset = 0;
  while (offset < bytes.length) {
    const header = readTagHeader(bytes, offset);
    if (header === undefined) {
      const cut = bytes.length - offset < TAG_HEADER_SIZE;
      return { consumed: offset, needed: cut ? TAG_HEADER_SIZE : 0 };
    }
    const size = tagSize(header.payloadSize);
    if (bytes.length - offset < size) return { consumed: offset, needed: size };
    if (!hasTrailer(bytes, offset, header.payloadSize)) return { consumed: offset, needed: 0 };
    const start = offset + TAG_HEADER_SIZE;
    onTag({ ...header, payload: bytes.subarray(start, start + header.payloadSize) });
    offset += size;
  }
  return { consumed: offset, needed: TAG_HEADER_SIZE };
}
