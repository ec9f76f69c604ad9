import { chunksOf, message } from '../../recorder-image/ingest/testing/messages.ts';
import type { ChunkOptions } from '../../recorder-image/ingest/testing/messages.ts';
import { TAG_TYPES } from '../../recorder-image/journal/flv.ts';
import type { Tag } from '../../recorder-image/journal/flv.ts';

/** A way to put messages into chunks that the specification of RTMP leaves to its clients. */
export interface ChunkForm {
  readonly what: string;
  readonly bytes: (tags: readonly Tag[]) => Iterable<Buffer>;
}

const SET_CHUNK_SIZE = 1;
const ABORT = 2;
const AGGREGATE = 22;
const WRAP = 2 ** 32;
/** The first time in ms that takes an extended timestamp is a bit before this. */
const EXTENDED = 0x0100_0000;

const control = (type: number, value: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return message(type, 0, payload, 2);
};
const chunkStreamOf = ({ track }: Tag): number => (track === 'audio' ? 4 : 6);
const chunked = (tag: Tag, options: ChunkOptions = {}): readonly Buffer[] =>
  chunksOf(TAG_TYPES[tag.track], tag.timestampMs % WRAP, tag.payload, {
    chunkStream: chunkStreamOf(tag),
    ...options,
  });
const later = (tag: Tag, ms: number): Tag => ({ ...tag, timestampMs: tag.timestampMs + ms });

/** Each pair of messages of two tracks chunk by chunk, one of these and one of those. */
function* interleaved(tags: readonly Tag[], audio: number, video: number): Generator<Buffer> {
  const streamOf = (tag: Tag): ChunkOptions => ({ chunkStream: tag.track === 'audio' ? audio : video });
  for (let index = 0; index < tags.length; index += 1) {
    const [tag, next] = [tags[index], tags[index + 1]];
    if (tag === undefined) break;
    const chunks = chunked(tag, streamOf(tag));
    const others = next === undefined || next.track === tag.track ? [] : chunked(next, streamOf(next));
    if (others.length > 0) index += 1;
    const longest = Math.max(chunks.length, others.length);
    for (let at = 0; at < longest; at += 1) yield* [...chunks.slice(at, at + 1), ...others.slice(at, at + 1)];
  }
}

/** What is begun is thrown away again, in between and in the middle. */
function* aborted(tags: readonly Tag[]): Generator<Buffer> {
  const rubbish = chunksOf(TAG_TYPES.video, 0, Buffer.alloc(1000, 0x5a), { chunkStream: 70 });
  for (const tag of tags) {
    const [first = Buffer.alloc(0), ...rest] = chunked(tag);
    yield* [...rubbish.slice(0, 3), first, control(ABORT, 70), ...rest];
  }
}

/** Another chunk size behind the first chunk of each message. */
function* resized(tags: readonly Tag[]): Generator<Buffer> {
  let size = 128;
  for (const [index, tag] of tags.entries()) {
    const next = [64, 4096, 200, 65_536, 128][index % 5] ?? 128;
    const [first = Buffer.alloc(0), ...rest] = chunked(tag, { chunkSize: [size, next] });
    yield* [first, control(SET_CHUNK_SIZE, next), ...rest];
    size = next;
  }
}

function* inChunksOf(size: number, tags: readonly Tag[]): Generator<Buffer> {
  yield control(SET_CHUNK_SIZE, size);
  for (const tag of tags) yield* chunked(tag, { chunkSize: size });
}

/** As little of each header as there may be, from a time on at which it wraps soon. */
function* differences(tags: readonly Tag[]): Generator<Buffer> {
  const before = new Map<number, { readonly tag: Tag; readonly delta: number | undefined }>();
  for (const original of tags) {
    const tag = later(original, WRAP - 2000);
    const stream = chunkStreamOf(tag);
    const last = before.get(stream);
    const delta = last === undefined ? undefined : tag.timestampMs - last.tag.timestampMs;
    if (last === undefined || delta === undefined) yield* chunked(tag);
    else yield* chunked({ ...tag, timestampMs: delta }, { format: formatOf(tag, delta, last) });
    before.set(stream, { tag, delta });
  }
}

function formatOf(
  tag: Tag,
  delta: number,
  last: { readonly tag: Tag; readonly delta: number | undefined },
): 1 | 2 | 3 {
  if (last.tag.payload.length !== tag.payload.length) return 1;
  return last.delta === delta ? 3 : 2;
}

/** Two and two in one message. */
function* aggregates(tags: readonly Tag[]): Generator<Buffer> {
  for (let index = 0; index < tags.length; index += 2) {
    const pair = tags.slice(index, index + 2);
    const payload = Buffer.concat(pair.map(asFlv));
    yield* chunksOf(AGGREGATE, pair[0]?.timestampMs ?? 0, payload, { chunkStream: 6 });
  }
}

function asFlv({ track, timestampMs, payload }: Tag): Buffer {
  const header = Buffer.alloc(11);
  header[0] = TAG_TYPES[track];
  header.writeUIntBE(payload.length, 1, 3);
  header.writeUIntBE(timestampMs, 4, 3);
  return Buffer.concat([header, payload, Buffer.alloc(4)]);
}

export const chunkForms: readonly ChunkForm[] = [
  { what: 'interleaved chunk streams of one byte', bytes: (tags) => interleaved(tags, 4, 63) },
  { what: 'interleaved chunk streams of two bytes', bytes: (tags) => interleaved(tags, 64, 319) },
  { what: 'interleaved chunk streams of three bytes', bytes: (tags) => interleaved(tags, 320, 65_599) },
  { what: 'messages that are aborted', bytes: aborted },
  { what: 'a chunk size that changes in the middle of each message', bytes: resized },
  { what: 'chunks of 7 bytes', bytes: (tags) => inChunksOf(7, tags) },
  { what: 'chunks of 16 MB', bytes: (tags) => inChunksOf(0xff_ffff, tags) },
  {
    what: 'extended timestamps that each chunk repeats',
    bytes: (tags) => tags.flatMap((tag) => chunked(later(tag, EXTENDED))),
  },
  {
    what: 'extended timestamps that only the first chunk has',
    bytes: (tags) => tags.flatMap((tag) => chunked(later(tag, EXTENDED), { repeats: 'nothing' })),
  },
  { what: 'differences of times that wrap at 32 bits', bytes: differences },
  { what: 'aggregate messages', bytes: aggregates },
];
