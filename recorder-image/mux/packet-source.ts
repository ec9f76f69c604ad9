import type { Packet, TrackConfig } from '../media/track.ts';

/** The packets of one track, however they come about: copied from a journal, or encoded. */
export interface TrackSource {
  readonly config: TrackConfig;
  /** In the order of their decoding times. */
  readonly packets: AsyncIterable<Packet>;
}

/** What a file is made of. */
export interface PacketSource {
  /** All tracks of the file. */
  readonly tracks: readonly TrackConfig[];
  /** A time in ms before which nothing is expected: it becomes time 0 of the file. */
  readonly startMs: number;
  /**
   * The packets of all tracks, those of each track in the order of their decoding times; as many at a time as there are.
   * They are good only until the next ones are asked for. The same ones in the same order each time.
   */
  readonly batches: AsyncIterable<readonly Packet[]>;
}
