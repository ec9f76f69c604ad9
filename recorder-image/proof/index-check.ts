import { crc32 } from 'node:zlib';
import { BOX_HEADER_BYTES, Fields } from './boxes.ts';
import { sampleEntryOf, shiftOf, timesOf, trackNumberOf } from './mp4-track.ts';
import type { Mp4TrackHeader } from './mp4-track.ts';
import { ScanError } from './push-parser.ts';
import type { Parser } from './push-parser.ts';
import { INDEX_TABLES } from './sample-sums.ts';
import type { IndexTable, SampleSums } from './sample-sums.ts';
import type { TableSum } from './table-crc.ts';

/** A track as the fragments have shown it. */
export interface FragmentedTrack {
  readonly header: Mp4TrackHeader;
  readonly sums: SampleSums;
}

/** What a `trak` box of the index says. */
interface FoundTrack {
  readonly boxes: Map<string, Buffer>;
  readonly tables: Map<string, TableSum>;
}

const CONTAINERS: ReadonlySet<string> = new Set(['trak', 'mdia', 'minf', 'stbl', 'edts']);
const WHOLE: ReadonlySet<string> = new Set(['tkhd', 'mdhd', 'elst', 'stsd']);
/** What stands in front of the numbers of a table: version, flags and count, and in `stsz` one size for all as well. */
const TABLE_HEADER_BYTES = 8;
const SIZES_HEADER_BYTES = 12;

/**
 * Reads the `moov` box that a hybrid MP4 ends with, the bytes up to `end`, and says how it differs from what the
 * fragments have shown. Of its tables only sums are compared: they need no memory. Throws {@link ScanError}.
 */
export function* checkIndex(
  position: () => number,
  end: number,
  tracks: readonly FragmentedTrack[],
): Parser<string[]> {
  const found: FoundTrack[] = [];
  let movieTimescale = 1;
  const start = position();
  const raiseOf = (own: FoundTrack | undefined): number =>
    own === undefined ? 0 : (trackOf(own, tracks, start)?.sums.raise ?? 0);
  function* read(until: number): Parser {
    while (position() < until) {
      const header = new Fields(yield { take: BOX_HEADER_BYTES }, position());
      const size = header.u32() - BOX_HEADER_BYTES;
      const type = header.text(4);
      if (size < 0 || position() + size > until)
        throw new ScanError('a box that does not fit', position() - BOX_HEADER_BYTES);
      if (type === 'trak') found.push({ boxes: new Map(), tables: new Map() });
      const track = found.at(-1);
      if (CONTAINERS.has(type)) yield* read(position() + size);
      else if (type === 'mvhd') movieTimescale = timesOf(yield { take: size }, start).timescale;
      else if (WHOLE.has(type)) track?.boxes.set(type, Buffer.from(yield { take: size }));
      else if (isTable(type)) track?.tables.set(type, yield* sumOf(type, size, raiseOf(track)));
      else yield { pass: size };
    }
  }
  yield* read(end);
  return compare(found, tracks, { movieTimescale, start });
}

function isTable(type: string): type is IndexTable {
  return (INDEX_TABLES as readonly string[]).includes(type);
}

function* sumOf(type: IndexTable, size: number, raise: number): Parser<TableSum> {
  const headerBytes = type === 'stsz' ? SIZES_HEADER_BYTES : TABLE_HEADER_BYTES;
  const header = yield { take: Math.min(size, headerBytes) };
  const bytes = Math.max(0, size - headerBytes);
  const lower = type === 'ctts' && raise > 0 ? new Lowered(raise) : undefined;
  let crc = 0;
  yield {
    pass: bytes,
    to: (piece) => {
      crc = lower === undefined ? crc32(piece, crc) : lower.add(piece);
    },
  };
  const count = header.length < headerBytes ? 0 : header.readUInt32BE(headerBytes - 4);
  // One size for all takes the place of the table.
  if (type === 'stsz' && bytes === 0 && count > 0) return uniform(header.readUInt32BE(4), count);
  return count * ENTRY_BYTES[type] === bytes ? { bytes, crc32: crc } : { bytes: -1, crc32: crc };
}

const ENTRY_BYTES: Readonly<Record<IndexTable, number>> = {
  stts: 8,
  ctts: 8,
  stss: 4,
  stsz: 4,
  stsc: 12,
  stco: 4,
  co64: 8,
};

function uniform(size: number, count: number): TableSum {
  const one = Buffer.alloc(4);
  one.writeUInt32BE(size);
  let crc = 0;
  for (let index = 0; index < count; index += 1) crc = crc32(one, crc);
  return { bytes: count * 4, crc32: crc };
}

/** The CRC-32 of a table of distances as they were before they were raised. */
class Lowered {
  readonly #raise: number;
  #rest = Buffer.alloc(0);
  #crc = 0;

  constructor(raise: number) {
    this.#raise = raise;
  }

  /** Returns the checksum of all whole entries so far: how many samples, and their distance. */
  add(piece: Buffer): number {
    const bytes = Buffer.concat([this.#rest, piece]);
    const whole = bytes.length - (bytes.length % ENTRY_BYTES.ctts);
    for (let at = 4; at < whole; at += ENTRY_BYTES.ctts)
      bytes.writeInt32BE((bytes.readInt32BE(at) - this.#raise) | 0, at);
    this.#crc = crc32(bytes.subarray(0, whole), this.#crc);
    this.#rest = bytes.subarray(whole);
    return this.#crc;
  }
}

function trackOf(
  { boxes }: FoundTrack,
  tracks: readonly FragmentedTrack[],
  start: number,
): FragmentedTrack | undefined {
  const tkhd = boxes.get('tkhd');
  if (tkhd === undefined) return undefined;
  const number = trackNumberOf(tkhd, start);
  return tracks.find(({ header }) => header.number === number);
}

function compare(
  found: readonly FoundTrack[],
  tracks: readonly FragmentedTrack[],
  { movieTimescale, start }: { readonly movieTimescale: number; readonly start: number },
): string[] {
  const differences: string[] = [];
  for (const track of tracks) {
    const { header, sums } = track;
    if (sums.samples === 0) continue;
    const name = `track ${header.number}`;
    const own = found.find((one) => trackOf(one, tracks, start) === track);
    if (own === undefined) {
      differences.push(`the index lacks ${name}`);
      continue;
    }
    const differ = (what: string): unknown => differences.push(`the index has another ${what} of ${name}`);
    const { timescale, duration } = timesOf(own.boxes.get('mdhd'), start);
    const shiftMs = shiftOf(own.boxes.get('elst'), { movie: movieTimescale, media: timescale }, start);
    const beginsAtMs = header.shiftMs + ((sums.firstDts - sums.raise) * 1000) / timescale;
    if (timescale !== header.timescale) differ('timescale');
    if (duration !== sums.duration) differ('duration');
    if (Math.abs(shiftMs - beginsAtMs) >= 1) differ('beginning');
    if (!sampleEntryOf(own.boxes.get('stsd'), start).body.equals(header.description)) differ('sample entry');
    for (const table of differentTables(own.tables, sums)) differ(table);
  }
  return differences;
}

function differentTables(found: ReadonlyMap<string, TableSum>, sums: SampleSums): IndexTable[] {
  const expected = sums.sums();
  // Offsets are in one of two tables.
  const other = found.has('co64') ? 'stco' : 'co64';
  return INDEX_TABLES.filter((table) => {
    if (table === other) return found.has(table);
    const [one, two] = [found.get(table), expected[table]];
    return one?.bytes !== two?.bytes || one?.crc32 !== two?.crc32;
  });
}
