const MiB = 1024 * 1024;
const DEFAULT_PART_SIZE = 8 * MiB;
/** The most that S3 takes in one upload. */
export const MAX_PARTS = 10_000;
/** The fattest stream that is allowed for, in bytes/s: RECORDING_BITRATE's upper bound, and half as much again. */
const MAX_BYTES_PER_SECOND = (20_000_000 / 8) * 1.5;

/**
 * The one part size of an upload, in bytes: 8 MiB, unless 10,000 of them could not hold the longest recording.
 * It never changes within an upload, because Cloudflare R2 refuses parts of mixed sizes.
 */
export function partSizeFor(maxDurationSeconds: number): number {
  const largest = maxDurationSeconds * MAX_BYTES_PER_SECOND;
  const needed = Math.ceil(largest / MAX_PARTS / MiB) * MiB;
  return Math.max(DEFAULT_PART_SIZE, needed);
}

/** A part as the object store has it. */
export interface StoredPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** CRC-32 of its bytes, base64, where the server keeps one. */
  readonly crc32?: string;
}

/** A part that was sent, and what is known of the bytes that it was made of. */
export interface UploadedPart extends StoredPart {
  readonly crc32: string;
  /** It was sent from a file that has changed since, or may have: it is compared before it counts. */
  readonly provisional?: boolean;
}

export interface Part {
  readonly number: number;
  readonly offset: number;
  readonly size: number;
}

export interface PlanInput {
  readonly partSize: number;
  /** Bytes in the file now. */
  readonly fileSize: number;
  /** Nothing in the file will change any more. */
  readonly finished: boolean;
  /** The first part was read since the file is made this time. */
  readonly begun: boolean;
  readonly uploaded: ReadonlyMap<number, UploadedPart>;
  /** The parts that are on their way. Default: none. */
  readonly sending?: { readonly has: (number: number) => boolean };
}

/**
 * The next part to send; `wait` while the file has to grow first, `complete` when all is there.
 *
 * A growing hybrid MP4 only ever changes at its end and in its first bytes, where the finished file says what it has
 * become. So a part counts as soon as it is full, except the first: it goes early, which makes the upload playable
 * should the node be lost, and once more at the very end. Each time that the file is made, its parts come in order.
 * What is on its way counts as there.
 */
export function nextPart(input: PlanInput): Part | 'wait' | 'complete' {
  const { partSize, fileSize, finished, begun, uploaded, sending } = input;
  const isThere = (part: Part): boolean =>
    sending?.has(part.number) === true || isCertain(uploaded.get(part.number), part);
  const full = Math.floor(fileSize / partSize);
  const count = finished ? Math.max(1, Math.ceil(fileSize / partSize)) : full;
  const first = partAt(1, partSize, fileSize);
  if (!begun && count > 0) return first;
  for (let number = 2; number <= count; number += 1) {
    const part = partAt(number, partSize, fileSize);
    if (!isThere(part)) return part;
  }
  if (!finished) return 'wait';
  return isThere(first) ? 'complete' : first;
}

/** Whether the part is there, with the bytes that the file has now. */
function isCertain(done: UploadedPart | undefined, part: Part): boolean {
  return done !== undefined && done.size === part.size && done.provisional !== true;
}

function partAt(number: number, partSize: number, fileSize: number): Part {
  const offset = (number - 1) * partSize;
  return { number, offset, size: Math.min(partSize, fileSize - offset) };
}
