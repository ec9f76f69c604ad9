import type { CodecName } from '../contract/codecs.ts';
import type { Packet, TrackId } from './track.ts';
import { TrackLedger } from './track-ledger.ts';
import type { TrackFigures } from './track-ledger.ts';

/** One track of a stretch of media, and what its packets add up to. */
export interface LedgerTrack extends TrackFigures {
  readonly track: TrackId;
  readonly codec: CodecName;
}

/** Counts the packets of all tracks: what was accepted, or what a file holds. Two that are equal hold the same media. */
export class Ledger {
  readonly #tracks = new Map<TrackId, { readonly codec: CodecName; readonly ledger: TrackLedger }>();

  #earliestMs = Infinity;

  /** The earliest time at which anything is to be shown or heard, in ms; Infinity where there is nothing. */
  get earliestMs(): number {
    return this.#earliestMs;
  }

  add({ track, codec, dtsMs, ptsMs, payload }: Packet): void {
    let entry = this.#tracks.get(track);
    if (entry === undefined) {
      entry = { codec, ledger: new TrackLedger() };
      this.#tracks.set(track, entry);
    }
    if (ptsMs < this.#earliestMs) this.#earliestMs = ptsMs;
    entry.ledger.add(dtsMs, ptsMs, payload);
  }

  addAll(packets: readonly Packet[]): void {
    for (const packet of packets) this.add(packet);
  }

  /** The first packet of a track; undefined where there is none yet. */
  firstOf(track: TrackId): { readonly codec: CodecName; readonly dtsMs: number } | undefined {
    const entry = this.#tracks.get(track);
    return entry && { codec: entry.codec, dtsMs: entry.ledger.firstMs };
  }

  /** In the order of their names: audio before video, and each kind by its number. */
  get tracks(): readonly LedgerTrack[] {
    return [...this.#tracks]
      .map(([track, { codec, ledger }]) => ({ track, codec, ...ledger.figures() }))
      .sort((a, b) => compareTracks(a.track, b.track));
  }
}

export function compareTracks(a: TrackId, b: TrackId): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
