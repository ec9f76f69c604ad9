import { TrackLedger } from '../media/track-ledger.ts';
import { boxAt, Fields } from './boxes.ts';
import { BOX_HEADER_BYTES, LARGE_SIZE } from './boxes.ts';
import { Extents } from './extents.ts';
import type { FormatReader, OffsetOf, ScannedTrack } from './file-scan.ts';
import { checkIndex } from './index-check.ts';
import { readDefaults, readFragment } from './mp4-fragment.ts';
import type { FragmentDefaults, FragmentRun } from './mp4-fragment.ts';
import { checkMp4Head } from './mp4-head.ts';
import { readTrackHeader, timesOf } from './mp4-track.ts';
import type { Mp4TrackHeader } from './mp4-track.ts';
import { ScanError } from './push-parser.ts';
import type { Parser } from './push-parser.ts';
import { SampleSums } from './sample-sums.ts';
import { samplesOf } from './sample-table.ts';

interface Mp4Track {
  readonly header: Mp4TrackHeader;
  readonly ledger: TrackLedger;
  readonly sums: SampleSums;
  /** Where its last packet ends, in ticks. */
  end: number;
  /** Known once its first packet has come. */
  offsetMs: number | undefined;
}

/**
 * Reads MP4 from its first byte to its last: fragments, an index at the end that has to agree with them, or an index
 * in front. Segments behind their initialisation are such a file, too.
 */
export class Mp4Reader implements FormatReader {
  readonly #offsetOf: OffsetOf;
  readonly #tracks = new Map<number, Mp4Track>();
  readonly #extents = new Extents();
  #defaults = new Map<number, FragmentDefaults>();
  #movieTimescale = 1;
  #hasFragments = false;
  #headSize: number | undefined;
  /** Where the first box behind `ftyp` stands, and where the first one within the header does, in bytes. */
  #headerStart = 0;
  #headerBodyStart = 0;
  /** Where the index at the end stands, in bytes, and how it differs from the fragments. */
  #indexStart: number | undefined;
  #differences: string[] = [];

  constructor(offsetOf: OffsetOf) {
    this.#offsetOf = offsetOf;
  }

  get headSize(): number | undefined {
    return this.#headSize;
  }

  get tracks(): readonly ScannedTrack[] {
    return [...this.#tracks.values()].map(({ header, ledger, end, offsetMs = 0 }) => ({
      kind: header.kind,
      codec: header.codec,
      endMs: msOf(header, end) + offsetMs,
      offsetMs,
      ...ledger.figures(),
    }));
  }

  *parse(position: () => number): Parser {
    yield* this.#boxes(position, Infinity);
    if (!this.#extents.isEmpty) throw new ScanError('packets are missing', position());
  }

  check(head: Buffer, sizeBytes: number): string[] {
    if (this.#tracks.size === 0) return ['it has no tracks'];
    if (!this.#extents.isEmpty) return ['packets are missing'];
    const wrong = checkMp4Head(head, {
      headerStart: this.#headerStart,
      bodyStart: this.#headerBodyStart,
      indexStart: this.#indexStart,
      sizeBytes,
    });
    return [...this.#differences, ...wrong];
  }

  *#boxes(position: () => number, end: number): Parser {
    while (position() < end) {
      const start = position();
      const mayEnd = end === Infinity;
      const header = new Fields(yield { take: BOX_HEADER_BYTES, mayEnd }, start);
      const size = header.u32();
      const type = header.text(4);
      const length = size === LARGE_SIZE ? new Fields(yield { take: 8 }, start).u64() : size;
      const until = size === 0 ? end : start + length;
      if (until < position() || until > end) throw new ScanError('a box that does not fit', start);
      yield* this.#box(type, { position, start, end: until });
    }
  }

  *#box(type: string, box: BoxPlace): Parser {
    const { position, start, end } = box;
    const take = { take: end - position() };
    switch (type) {
      case 'ftyp':
        this.#headerStart = end;
        yield { pass: take.take };
        return;
      case 'moov':
        yield* this.#movie(box);
        return;
      case 'mdat':
        // When a hybrid file is finished, its first header becomes one of media data, with all fragments in it.
        if (this.#tracks.size === 0) {
          this.#headerBodyStart = position();
          yield* this.#boxes(position, end);
        } else {
          this.#headSize ??= start;
          yield { pass: take.take, to: (bytes, offset) => this.#extents.read(bytes, offset) };
        }
        return;
      case 'mvhd':
        this.#movieTimescale = timesOf(yield take, start).timescale;
        return;
      case 'trak':
        this.#addTrack(yield take, start);
        return;
      case 'mvex':
        this.#defaults = readDefaults(yield take, start);
        return;
      case 'moof':
        this.#headSize ??= start;
        this.#hasFragments = true;
        this.#addFragment(yield take, start);
        return;
      default:
        yield { pass: take.take };
    }
  }

  *#movie({ position, start, end }: BoxPlace): Parser {
    if (this.#hasFragments) {
      this.#indexStart = start;
      this.#differences = yield* checkIndex(position, end, [...this.#tracks.values()]);
      return;
    }
    this.#headerBodyStart = position();
    yield* this.#boxes(position, end);
    this.#extents.sort();
  }

  #addTrack(trak: Buffer, at: number): void {
    const header = readTrackHeader(trak, this.#movieTimescale, at);
    if (header === undefined) return;
    const track = { header, ledger: new TrackLedger(), sums: new SampleSums(), end: 0, offsetMs: undefined };
    this.#tracks.set(header.number, track);
    const stbl = boxAt(trak, at, 'mdia', 'minf', 'stbl');
    if (stbl === undefined) throw new ScanError('a track without a table', at);
    for (const { dts, composition, size, offset } of samplesOf(stbl, at)) {
      const second = this.#note(track, dts, composition);
      this.#extents.add(track.ledger, second, offset, size);
      track.end = dts;
    }
  }

  #addFragment(moof: Buffer, start: number): void {
    if (!this.#extents.isEmpty) throw new ScanError('packets are missing', start);
    const runs = readFragment(moof, start, {
      defaultsOf: (track) => this.#defaults.get(track),
      endOf: (track) => this.#tracks.get(track)?.end ?? 0,
    });
    for (const run of runs) this.#addRun(run);
    this.#extents.sort();
  }

  #addRun({ track: number, offset, samples }: FragmentRun): void {
    const track = this.#tracks.get(number);
    if (track === undefined) return;
    track.sums.addRun(offset, samples.length);
    let at = offset;
    for (const sample of samples) {
      const second = this.#note(track, sample.dts, sample.composition, track.header.raisedMs);
      this.#extents.add(track.ledger, second, at, sample.size);
      track.sums.addSample(sample);
      at += sample.size;
      track.end = sample.dts + sample.duration;
    }
  }

  #note(track: Mp4Track, dts: number, composition: number, raisedMs = 0): number {
    const { header, ledger } = track;
    const dtsMs = msOf(header, dts) + raisedMs;
    const offsetMs = (track.offsetMs ??= this.#offsetOf({
      kind: header.kind,
      index: [...this.#tracks.values()].filter((other) => other.header.kind === header.kind).indexOf(track),
      firstMs: dtsMs,
    }));
    return ledger.addTimes(dtsMs + offsetMs, msOf(header, dts + composition) + offsetMs);
  }
}

function msOf({ timescale, shiftMs }: Mp4TrackHeader, ticks: number): number {
  return Math.round((ticks * 1000) / timescale + shiftMs);
}

interface BoxPlace {
  readonly position: () => number;
  /** Of its header, in bytes of the file. */
  readonly start: number;
  readonly end: number;
}
