import type { Packet } from '../../media/track.ts';
import type { PacketSource } from '../packet-source.ts';
import { UnmuxableError } from '../unmuxable-error.ts';
import type { Fragment } from './fragment.ts';
import { Fragmenter } from './fragmenter.ts';
import { mp4Tracks } from './mp4-track.ts';
import type { Mp4Output } from './mp4-output.ts';

/**
 * Makes an MP4 of these packets, in fragments of 1 to 5 s that begin with key frames where there are any. Throws
 * {@link UnmuxableError} where MP4 can't hold them, and whatever the source or the output throw.
 */
export async function muxMp4(source: PacketSource, output: Mp4Output, signal: AbortSignal): Promise<void> {
  const muxer = new Mp4Muxer(source, output);
  for await (const batch of source.batches) {
    for (const packet of batch) {
      if (muxer.fragmenter.endsBefore(packet)) {
        signal.throwIfAborted();
        await muxer.flush(packet);
      }
      muxer.add(packet);
    }
  }
  await muxer.end();
}

class Mp4Muxer {
  readonly fragmenter: Fragmenter;
  readonly #output: Mp4Output;
  #begun = false;
  #startMs: number | undefined;
  #isEntry = true;
  #endMs = 0;

  constructor({ tracks, startMs }: PacketSource, output: Mp4Output) {
    this.fragmenter = new Fragmenter(mp4Tracks(tracks), startMs);
    this.#output = output;
  }

  add(packet: Packet): void {
    this.fragmenter.add(packet);
  }

  /** Writes what there is; `next` comes after it. */
  async flush(next?: Packet): Promise<void> {
    if (!this.#begun) await this.#begin();
    const couldBeAnywhere = !this.fragmenter.hasPictures || this.fragmenter.lacksPictures;
    const fragment = this.fragmenter.take(next);
    const { originMs } = this.fragmenter;
    this.#endMs = Math.max(this.#endMs, ...endsOf(fragment));
    await this.#output.write(fragment, { atMs: this.#startMs ?? 0, isEntry: this.#isEntry });
    if (next === undefined) return;
    this.#startMs = next.ptsMs - originMs;
    this.#isEntry = couldBeAnywhere || this.fragmenter.isLead(next);
  }

  async end(): Promise<void> {
    if (this.fragmenter.isEmpty) throw new UnmuxableError('there is no packet');
    await this.flush();
    await this.#output.end(this.#endMs);
  }

  async #begin(): Promise<void> {
    const unknown = this.fragmenter.tracks.find(({ entry }) => entry === undefined);
    if (unknown !== undefined) {
      const { track, codec } = unknown.config;
      throw new UnmuxableError(`nothing tells how ${track} is coded (${codec})`);
    }
    this.#begun = true;
    await this.#output.begin(this.fragmenter.tracks);
  }
}

/** When each track's part of it is over, in ms. */
function endsOf({ tracks }: Fragment): readonly number[] {
  return tracks.map(({ track, samples }) =>
    samples.reduce(
      (latest, { dts, offset, duration }) =>
        Math.max(latest, ((dts + offset + duration) * 1000) / track.timescale),
      0,
    ),
  );
}
