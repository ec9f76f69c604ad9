import type { Packet } from '../../media/track.ts';
import type { PacketSource } from '../packet-source.ts';
import { UnmuxableError } from '../unmuxable-error.ts';
import type { Fragment } from './fragment.ts';
import { Fragmenter } from './fragmenter.ts';
import { mp4Tracks } from './mp4-track.ts';
import type { Mp4Track } from './mp4-track.ts';

/** An MP4 as it comes about: its header once, then its fragments, at last its end. Times in ms from its beginning. */
export type Mp4Piece =
  | { readonly kind: 'header'; readonly tracks: readonly Mp4Track[] }
  | {
      readonly kind: 'fragment';
      readonly fragment: Fragment;
      /** When it begins to be shown. */
      readonly atMs: number;
      /** Whether playing can begin with it. */
      readonly isEntry: boolean;
    }
  | { readonly kind: 'end'; readonly atMs: number };

/**
 * Makes an MP4 of these packets, in fragments of 1 to 5 s that begin with key frames where there are any. A piece is good
 * only until the next one is asked for. Throws {@link UnmuxableError} where MP4 can't hold the packets, and whatever the
 * source throws.
 */
export async function* mp4Pieces(source: PacketSource): AsyncGenerator<Mp4Piece, void, undefined> {
  const tracks = mp4Tracks(source.tracks);
  for (const track of tracks) track.learnFrom(source.frames?.get(track.config.track));
  const fragmenter = new Fragmenter(tracks, source.startMs);
  const cutter = new Cutter(fragmenter);
  for await (const batch of source.batches) {
    for (const packet of batch) {
      if (fragmenter.endsBefore(packet)) yield* cutter.cut(packet);
      fragmenter.add(packet);
    }
  }
  if (fragmenter.isEmpty) throw new UnmuxableError('there is no packet');
  yield* cutter.cut();
  yield { kind: 'end', atMs: cutter.endMs };
}

class Cutter {
  readonly #fragmenter: Fragmenter;
  #begun = false;
  #atMs = 0;
  #isEntry = true;
  endMs = 0;

  constructor(fragmenter: Fragmenter) {
    this.#fragmenter = fragmenter;
  }

  /** What there is so far; `next` comes after it. */
  *cut(next?: Packet): Generator<Mp4Piece, void, undefined> {
    if (!this.#begun) yield this.#header();
    this.#begun = true;
    // Where no picture is to be seen, any packet will do to begin with.
    const isBlind = this.#fragmenter.isBlind;
    const fragment = this.#fragmenter.take(next);
    this.endMs = Math.max(this.endMs, ...endsOf(fragment));
    yield { kind: 'fragment', fragment, atMs: this.#atMs, isEntry: this.#isEntry };
    if (next === undefined) return;
    this.#atMs = next.ptsMs - this.#fragmenter.originMs;
    this.#isEntry = isBlind || this.#fragmenter.isEntry(next);
  }

  #header(): Mp4Piece {
    const { tracks } = this.#fragmenter;
    const unknown = tracks.find(({ entry }) => entry === undefined)?.config;
    if (unknown !== undefined)
      throw new UnmuxableError(`nothing tells how ${unknown.track} is coded (${unknown.codec})`);
    this.#fragmenter.settleHeader();
    return { kind: 'header', tracks };
  }
}

/** When each track's part of it is over, in ms. */
function endsOf({ tracks }: Fragment): readonly number[] {
  return tracks.map(({ track, samples }) =>
    samples.reduce(
      (latest, { dts, offset, duration }) =>
        Math.max(latest, ((dts + offset - track.raise + duration) * 1000) / track.timescale),
      0,
    ),
  );
}
