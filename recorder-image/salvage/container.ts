import { open } from 'node:fs/promises';

/** How much of a file's beginning is looked at, in bytes. */
export const BEGINNING_BYTES = 4096;

const EBML_SEGMENT = Buffer.from([0x18, 0x53, 0x80, 0x67]);
const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/**
 * Whether the file that begins like this was being written when its recorder was lost. A hybrid MP4 begins with the
 * header of its fragments until, at the end, that turns into an ordinary one's media data; a WebM file's segment has
 * no size until then.
 */
export function isUnfinished(beginning: Buffer): boolean {
  const segment = beginning.indexOf(EBML_SEGMENT);
  if (segment >= 0) {
    const size = beginning.subarray(segment + 4, segment + 12);
    return size.equals(UNKNOWN_SIZE);
  }
  for (const { type } of boxesIn(beginning)) {
    if (type === 'moov') return beginning.includes('mvex', 0, 'latin1');
    if (type === 'mdat') return false;
  }
  return true;
}

/** Seconds of media, as the header of an MP4 says that has its index in front; undefined where it does not. */
export function mp4Duration(beginning: Buffer): number | undefined {
  const type = beginning.indexOf('mvhd', 0, 'latin1');
  // Version 0, which times of 32 bits have: 4 bytes of version, 8 of dates, then timescale and duration.
  if (type < 0 || beginning.length < type + 24 || beginning[type + 4] !== 0) return undefined;
  const timescale = beginning.readUInt32BE(type + 16);
  return timescale === 0 ? undefined : beginning.readUInt32BE(type + 20) / timescale;
}

export async function beginningOf(path: string): Promise<Buffer> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function* boxesIn(bytes: Buffer): Generator<{ readonly type: string }> {
  for (let offset = 0; offset + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(offset);
    yield { type: bytes.toString('latin1', offset + 4, offset + 8) };
    if (size < 8) return;
    offset += size;
  }
}
