/**
 * The FLV container, as far as the journal needs it: "Video File Format Specification Version 10", Annex E.
 * A file is a 9-byte header, four zero bytes, and then tags; each tag is an 11-byte header, the payload, and its
 * own size once more as 4 bytes, by which a reader notices a tag that was cut off.
 */
export const TAG_TYPES = { audio: 8, video: 9 } as const;
export type Track = keyof typeof TAG_TYPES;

export interface Tag {
  readonly track: Track;
  /** Milliseconds on the journal's timeline, 0 to 2^32 - 1. */
  readonly timestampMs: number;
  readonly payload: Buffer;
}

export interface TagHeader {
  readonly track: Track;
  readonly timestampMs: number;
  readonly payloadSize: number;
}

export const FILE_HEADER_SIZE = 13;
export const TAG_HEADER_SIZE = 11;
const TRAILER_SIZE = 4;

/** The first 13 bytes of a file that has these tracks. Readers wait for every track that is announced here. */
export function fileHeader(tracks: ReadonlySet<Track>): Buffer {
  const flags = (tracks.has('audio') ? 4 : 0) | (tracks.has('video') ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]);
}

export function isFileHeader(bytes: Buffer): boolean {
  return bytes.length >= FILE_HEADER_SIZE && bytes.toString('latin1', 0, 3) === 'FLV' && bytes[3] === 1;
}

/** Bytes that a tag with this payload takes in the file. */
export function tagSize(payloadSize: number): number {
  return TAG_HEADER_SIZE + payloadSize + TRAILER_SIZE;
}

/** Writes the tag into `target` at `offset` and returns the offset behind it. */
export function writeTag(target: Buffer, offset: number, tag: Tag): number {
  const { length } = tag.payload;
  target[offset] = TAG_TYPES[tag.track];
  target.writeUIntBE(length, offset + 1, 3);
  target.writeUIntBE(tag.timestampMs & 0xff_ffff, offset + 4, 3);
  target[offset + 7] = (tag.timestampMs / 0x100_0000) & 0xff;
  target.writeUIntBE(0, offset + 8, 3);
  tag.payload.copy(target, offset + TAG_HEADER_SIZE);
  target.writeUInt32BE(TAG_HEADER_SIZE + length, offset + TAG_HEADER_SIZE + length);
  return offset + tagSize(length);
}

/** Reads the tag header at `offset`; undefined where no header of a track that we know stands. */
export function readTagHeader(bytes: Buffer, offset: number): TagHeader | undefined {
  if (bytes.length < offset + TAG_HEADER_SIZE) return undefined;
  const track = trackOfType(bytes[offset]);
  if (track === undefined || bytes.readUIntBE(offset + 8, 3) !== 0) return undefined;
  const timestampMs = bytes.readUIntBE(offset + 4, 3) + (bytes[offset + 7] ?? 0) * 0x100_0000;
  return { track, timestampMs, payloadSize: bytes.readUIntBE(offset + 1, 3) };
}

/** Whether the tag whose header stands at `offset` is followed by its own size, as every whole tag is. */
export function hasTrailer(bytes: Buffer, offset: number, payloadSize: number): boolean {
  const trailer = offset + TAG_HEADER_SIZE + payloadSize;
  return (
    bytes.length >= trailer + TRAILER_SIZE && bytes.readUInt32BE(trailer) === TAG_HEADER_SIZE + payloadSize
  );
}

/** Audio is 8 and video is 9, in FLV tags and in RTMP messages alike. */
export function trackOfType(type: number | undefined): Track | undefined {
  if (type === TAG_TYPES.audio) return 'audio';
  return type === TAG_TYPES.video ? 'video' : undefined;
}
