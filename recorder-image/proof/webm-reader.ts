import type { CodecName } from '../contract/codecs.ts';
import { TrackLedger } from '../media/track-ledger.ts';
import type { MediaKind } from '../media/track.ts';
import { elementsIn, float, readElementHeader, unsigned } from './ebml.ts';
import type { ElementHeader } from './ebml.ts';
import type { FormatReader, OffsetOf, ScannedTrack } from './file-scan.ts';
import { parseAt, ScanError } from './push-parser.ts';
import type { Parser } from './push-parser.ts';

const ID = {
  segment: 0x1853_8067,
  info: 0x1549_a966,
  timestampScale: 0x2a_d7b1,
  duration: 0x4489,
  tracks: 0x1654_ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  codecId: 0x86,
  cluster: 0x1f43_b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  cues: 0x1c53_bb6b,
} as const;
const CONTAINERS: ReadonlySet<number> = new Set([ID.segment, ID.cluster, ID.blockGroup]);
const KINDS: ReadonlyMap<number, MediaKind> = new Map([
  [1, 'video'],
  [2, 'audio'],
]);
const CODECS: ReadonlyMap<string, CodecName> = new Map([
  ['V_VP8', 'vp8'],
  ['V_VP9', 'vp9'],
  ['V_AV1', 'av1'],
  ['A_OPUS', 'opus'],
]);
/** Nanoseconds of a unit of time, unless the file says another number. */
const DEFAULT_SCALE = 1_000_000;
/** Of a block, behind the number of its track: its time within the cluster, and flags. */
const BLOCK_HEADER_BYTES = 3;
const LACING = 0x06;
/** The file may say that it lasts this much longer or shorter than it does, in ms: as long as its last packet. */
const DURATION_TOLERANCE_MS = 1000;

interface WebmTrack {
  readonly kind: MediaKind;
  readonly codec: CodecName | undefined;
  readonly ledger: TrackLedger;
  /** Known once its first packet has come. */
  offsetMs: number | undefined;
}

/** Reads WebM, which is Matroska (RFC 9559), from its first byte to its last. */
export class WebmReader implements FormatReader {
  readonly #offsetOf: OffsetOf;
  readonly #ledgers: Map<string, TrackLedger>;
  readonly #tracks = new Map<number, WebmTrack>();
  #scale = DEFAULT_SCALE;
  #clusterTime = 0;
  #headSize: number | undefined;

  /** @param ledgers of the tracks by their kinds, where several files are counted as one; it is filled */
  constructor(offsetOf: OffsetOf, ledgers = new Map<string, TrackLedger>()) {
    this.#offsetOf = offsetOf;
    this.#ledgers = ledgers;
  }

  get headSize(): number | undefined {
    return this.#headSize;
  }

  get tracks(): readonly ScannedTrack[] {
    return [...this.#tracks.values()].map(({ kind, codec, ledger, offsetMs = 0 }) => {
      const figures = ledger.figures();
      return { kind, codec, offsetMs, endMs: figures.lastMs, ...figures };
    });
  }

  parse(position: () => number): Parser {
    return this.#elements(position, Infinity);
  }

  check(head: Buffer, sizeBytes: number): string[] {
    if (this.#tracks.size === 0) return ['it has no tracks'];
    const wrong: string[] = [];
    for (const { id, body, bodyStart, size } of topOf(head)) {
      if (id === ID.segment && size !== undefined && bodyStart + size !== sizeBytes)
        wrong.push('it says that it has another size');
      if (id === ID.info) wrong.push(...this.#checkDuration(body));
    }
    return wrong;
  }

  #checkDuration(info: Buffer): string[] {
    const ends = [...this.#tracks.values()].map(({ ledger, offsetMs = 0 }) => ledger.lastMs - offsetMs);
    for (const { id, body } of elementsIn(info, 0)) {
      if (id !== ID.duration) continue;
      const ms = (float(body) * this.#scale) / 1_000_000;
      if (!(Math.abs(ms - Math.max(...ends)) <= DURATION_TOLERANCE_MS))
        return ['it says that it lasts longer or shorter than it does'];
    }
    return [];
  }

  *#elements(position: () => number, end: number): Parser {
    while (position() < end) {
      const start = position();
      const header = yield* readElementHeader(position, end === Infinity);
      const until = position() + (header.size ?? 0);
      if (until > end) throw new ScanError('an element that does not fit', start);
      yield* this.#element(header, { position, start, until });
    }
  }

  *#element({ id, size }: ElementHeader, place: ElementPlace): Parser {
    const { position, start, until } = place;
    if (id === ID.cluster) this.#headSize ??= start;
    if (CONTAINERS.has(id)) {
      // What is in one of unknown size can't be mistaken for what comes behind it.
      if (size !== undefined && id !== ID.segment) yield* this.#elements(position, until);
      return;
    }
    if (size === undefined) throw new ScanError('an element of unknown size', start);
    if (id === ID.info) this.#readInfo(yield { take: size }, start);
    else if (id === ID.tracks) this.#readTracks(yield { take: size }, start);
    else if (id === ID.timestamp) this.#clusterTime = unsigned(yield { take: size });
    else if (id === ID.simpleBlock || id === ID.block) yield* this.#block(place);
    else yield { pass: size };
  }

  *#block({ position, start, until }: ElementPlace): Parser {
    // The number of the track is written as the size of an element is; below 127 that is one byte.
    const [number = 0] = yield { take: 1 };
    const header = yield { take: BLOCK_HEADER_BYTES };
    const track = this.#tracks.get(number & 0x7f);
    if (number < 0x80 || track === undefined) throw new ScanError('a packet of no track', start);
    if (((header[2] ?? 0) & LACING) !== 0) throw new ScanError('several packets in one', start);
    const units = this.#clusterTime + header.readInt16BE(0);
    const firstMs = Math.round((units * this.#scale) / 1_000_000);
    const { kind } = track;
    const ofKind = [...this.#tracks.values()].filter((other) => other.kind === kind);
    track.offsetMs ??= this.#offsetOf({ kind, index: ofKind.indexOf(track), firstMs });
    const ms = firstMs + track.offsetMs;
    const second = track.ledger.addTimes(ms, ms);
    yield { pass: until - position(), to: (bytes) => track.ledger.addContent(second, bytes) };
  }

  #readInfo(info: Buffer, at: number): void {
    for (const { id, body } of elementsIn(info, at))
      if (id === ID.timestampScale) this.#scale = unsigned(body);
  }

  #readTracks(tracks: Buffer, at: number): void {
    for (const { id, body: entry } of elementsIn(tracks, at)) {
      if (id !== ID.trackEntry) continue;
      const fields = new Map([...elementsIn(entry, at)].map((field) => [field.id, field.body]));
      const kind = KINDS.get(unsigned(fields.get(ID.trackType) ?? Buffer.alloc(0)));
      if (kind === undefined) continue;
      const codec = CODECS.get(fields.get(ID.codecId)?.toString('latin1') ?? '');
      const number = unsigned(fields.get(ID.trackNumber) ?? Buffer.alloc(0));
      const name = `${kind}:${[...this.#tracks.values()].filter((track) => track.kind === kind).length}`;
      const ledger = this.#ledgers.get(name) ?? new TrackLedger();
      this.#ledgers.set(name, ledger);
      this.#tracks.set(number, { kind, codec, ledger, offsetMs: undefined });
    }
  }
}

interface ElementPlace {
  readonly position: () => number;
  readonly start: number;
  readonly until: number;
}

interface TopElement extends ElementHeader {
  /** In bytes of the file. */
  readonly bodyStart: number;
  /** As far as it is there. */
  readonly body: Buffer;
}

/** The elements of a file's beginning, within its segment and before its media, as far as they are there. */
function* topOf(head: Buffer): Generator<TopElement> {
  for (let offset = 0; offset < head.length;) {
    const header = parseAt(head, offset, (position) => readElementHeader(position, false));
    if (header === undefined) return;
    const { id, size } = header.value;
    const end = Math.min(head.length, header.end + (size ?? 0));
    yield { id, size, bodyStart: header.end, body: head.subarray(header.end, end) };
    offset = id === ID.segment ? header.end : end;
  }
}
