import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDirectory } from '../../../../test/support/temp-directory.ts';
import { OutputFile } from '../../output-file.ts';
import type { PacketSource } from '../../packet-source.ts';
import { writeHybridFile } from '../hybrid-file.ts';
import { mp4Pieces } from '../mp4-pieces.ts';

/** A box of a file and where it begins. */
export interface FoundBox {
  readonly type: string;
  readonly offset: number;
  readonly size: number;
}

export async function writeMp4(source: PacketSource, path: string): Promise<void> {
  await using file = await OutputFile.create(path);
  await writeHybridFile(mp4Pieces(source), file);
}

/** The bytes of the finished file. */
export async function mp4Bytes(source: PacketSource): Promise<Buffer> {
  await using folder = await tempDirectory('mp4');
  const path = join(folder.path, 'file.mp4');
  await writeMp4(source, path);
  return await readFile(path);
}

/** The boxes one after another, from `start` on. */
export function boxesIn(bytes: Buffer, start = 0, end = bytes.length): FoundBox[] {
  const found: FoundBox[] = [];
  for (let offset = start; offset + 8 <= end;) {
    const short = bytes.readUInt32BE(offset);
    const size = short === 1 ? Number(bytes.readBigUInt64BE(offset + 8)) : short;
    if (size < 8 || offset + size > end) throw new Error(`no whole box at ${offset}`);
    found.push({ type: bytes.toString('latin1', offset + 4, offset + 8), offset, size });
    offset += size;
  }
  return found;
}
