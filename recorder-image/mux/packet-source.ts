import type { Packet, TrackConfig, TrackId } from '../media/track.ts';

/** What a file is made of. */
export interface PacketSource {
  /** All tracks of the file, as they are in it. */
  readonly tracks: readonly TrackConfig[];
  /** A time in ms before which nothing is expected: it becomes time 0 of the file. */
  readonly startMs: number;
  /** A frame of tracks that begin late, where the configuration alone does not tell how they are coded. */
  readonly frames?: ReadonlyMap<TrackId, Packet>;
  /**
   * The packets of all tracks, those of each track in the order of their decoding times; as many at a time as there are.
   * They are good only until the next ones are asked for. The same ones in the same order each time.
   */
  readonly batches: AsyncIterable<readonly Packet[]>;
}
