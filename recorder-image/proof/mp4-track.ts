import type { CodecName } from '../contract/codecs.ts';
import type { MediaKind } from '../media/track.ts';
import { boxAt, boxesIn, Fields } from './boxes.ts';
import type { Box } from './boxes.ts';
import { ScanError } from './push-parser.ts';

/** What the header of an MP4 says of one of its tracks. */
export interface Mp4TrackHeader {
  readonly number: number;
  readonly kind: MediaKind;
  /** Undefined for a sample entry that has no name here. */
  readonly codec: CodecName | undefined;
  /** Ticks a second. */
  readonly timescale: number;
  /** What its edit list adds to the times at which packets are shown, in ms. */
  readonly shiftMs: number;
  /** Of that, what an edit list takes back of raised composition times: packets of fragments are decoded so much later. */
  readonly raisedMs: number;
  /** The sample entry, as it stands in the file. */
  readonly description: Buffer;
}

const SAMPLE_ENTRIES: ReadonlyMap<string, CodecName> = new Map([
  ['avc1', 'avc'],
  ['avc3', 'avc'],
  ['hvc1', 'hevc'],
  ['hev1', 'hevc'],
  ['av01', 'av1'],
  ['vp09', 'vp9'],
  ['vp08', 'vp8'],
  ['vvc1', 'vvc'],
  ['Opus', 'opus'],
  ['ac-3', 'ac3'],
  ['ec-3', 'eac3'],
  ['fLaC', 'flac'],
  ['.mp3', 'mp3'],
  ['mp4a', 'aac'],
]);
const KINDS: ReadonlyMap<string, MediaKind> = new Map([
  ['vide', 'video'],
  ['soun', 'audio'],
]);
/** The object types of MPEG-1 and MPEG-2 audio in an elementary stream descriptor. */
const MP3_OBJECT_TYPES: ReadonlySet<number> = new Set([0x69, 0x6b]);
const DECODER_CONFIG_TAG = 4;

/**
 * Reads a `trak` box; `movieTimescale` in ticks a second. Undefined for a track of neither audio nor video. `at` is
 * where it stands in the file. Throws {@link ScanError}.
 */
export function readTrackHeader(
  trak: Buffer,
  movieTimescale: number,
  at: number,
): Mp4TrackHeader | undefined {
  const body = (...path: readonly string[]): Buffer | undefined => boxAt(trak, at, ...path);
  const kind = KINDS.get(new Fields(needed(body('mdia', 'hdlr'), at), at).skip(8).text(4));
  if (kind === undefined) return undefined;
  const { timescale } = timesOf(body('mdia', 'mdhd'), at);
  const entry = sampleEntryOf(body('mdia', 'minf', 'stbl', 'stsd'), at);
  const shiftMs = shiftOf(body('edts', 'elst'), { movie: movieTimescale, media: timescale }, at);
  return {
    number: trackNumberOf(body('tkhd'), at),
    kind,
    codec: codecOf(entry.type, entry.body),
    timescale,
    shiftMs,
    raisedMs: Math.max(0, -shiftMs),
    description: Buffer.from(entry.body),
  };
}

/** Of `mvhd` and `mdhd`, which begin alike: ticks a second, and duration in ticks. */
export function timesOf(
  header: Buffer | undefined,
  at: number,
): { readonly timescale: number; readonly duration: number } {
  const fields = new Fields(needed(header, at), at);
  const isLong = fields.version().version === 1;
  const timescale = fields.skip(isLong ? 16 : 8).u32();
  if (timescale === 0) throw new ScanError('a timescale of 0', at);
  return { timescale, duration: isLong ? fields.u64() : fields.u32() };
}

export function trackNumberOf(tkhd: Buffer | undefined, at: number): number {
  const fields = new Fields(needed(tkhd, at), at);
  return fields.skip(fields.version().version === 1 ? 16 : 8).u32();
}

/** The first one of an `stsd` box. */
export function sampleEntryOf(stsd: Buffer | undefined, at: number): Box {
  const [entry] = boxesIn(needed(stsd, at).subarray(8), at);
  if (entry === undefined) throw new ScanError('a track without a sample entry', at);
  return entry;
}

/** What an edit list adds to all times, in ms: an empty edit delays, and the other one begins somewhere. */
export function shiftOf(
  elst: Buffer | undefined,
  timescales: { readonly movie: number; readonly media: number },
  at: number,
): number {
  if (elst === undefined) return 0;
  const fields = new Fields(elst, at);
  const isLong = fields.version().version === 1;
  let delayMs = 0;
  for (let count = fields.u32(); count > 0; count -= 1) {
    const duration = isLong ? fields.u64() : fields.u32();
    const mediaTime = isLong ? fields.i64() : fields.i32();
    fields.skip(4);
    if (mediaTime >= 0) return delayMs - (mediaTime * 1000) / timescales.media;
    delayMs += (duration * 1000) / timescales.movie;
  }
  return delayMs;
}

function needed(box: Buffer | undefined, at: number): Buffer {
  if (box === undefined) throw new ScanError('a track that lacks a box', at);
  return box;
}

function codecOf(type: string, entry: Buffer): CodecName | undefined {
  const codec = SAMPLE_ENTRIES.get(type);
  return codec === 'aac' && isMp3(entry) ? 'mp3' : codec;
}

/** By the descriptor's object type: it is the first byte of the decoder's configuration. */
function isMp3(entry: Buffer): boolean {
  const start = entry.indexOf('esds', 0, 'latin1');
  if (start < 0) return false;
  const tag = entry.indexOf(DECODER_CONFIG_TAG, start + 8 + 5);
  if (tag < 0) return false;
  // The length is one to four bytes, of which all but the last have their highest bit set.
  let offset = tag + 1;
  while (((entry[offset] ?? 0) & 0x80) !== 0) offset += 1;
  return MP3_OBJECT_TYPES.has(entry[offset + 1] ?? 0);
}
