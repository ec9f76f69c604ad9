import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Part } from './part-plan.ts';

/** The part's bytes; undefined where the file has become shorter, which it does when it is made again. */
export async function readPart(path: string, part: Part): Promise<Buffer | undefined> {
  await using handle = await open(path, 'r');
  const bytes = Buffer.allocUnsafe(part.size);
  const { bytesRead } = await handle.read(bytes, 0, part.size, part.offset);
  return bytesRead === part.size ? bytes : undefined;
}

/** As S3's x-amz-checksum-crc32 has it. */
export function crc32Base64(bytes: Buffer): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}
