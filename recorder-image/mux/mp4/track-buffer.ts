import type { Packet } from '../../media/track.ts';
import { LONGEST_DURATION } from './fragment.ts';
import type { FragmentSample, TrackFragment } from './fragment.ts';
import type { Mp4Track } from './mp4-track.ts';

interface PendingSample {
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly size: number;
  readonly isKeyFrame: boolean;
}

const FIRST_BYTES = 64 * 1024;

/** What comes of a track until its fragment is written. Its memory is used again for the next one. */
export class TrackBuffer {
  readonly track: Mp4Track;
  #data: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #used = 0;
  #samples: PendingSample[] = [];
  #lastDuration: number | undefined;

  constructor(track: Mp4Track) {
    this.track = track;
  }

  get bytes(): number {
    return this.#used;
  }

  /** How long it has lasted when this comes, in ms of decoding time. */
  spanTo({ dtsMs }: Packet): number {
    return dtsMs - (this.#samples[0]?.dtsMs ?? dtsMs);
  }

  get isEmpty(): boolean {
    return this.#samples.length === 0;
  }

  /** The earliest time of all that it holds, in ms. */
  get earliestMs(): number {
    return this.#samples.reduce((least, { dtsMs, ptsMs }) => Math.min(least, dtsMs, ptsMs), Infinity);
  }

  /** How long before its decoding, in ms, any of what it holds is shown. */
  get mostNegativeMs(): number {
    return this.#samples.reduce((most, { dtsMs, ptsMs }) => Math.max(most, dtsMs - ptsMs), 0);
  }

  add({ dtsMs, ptsMs, isKeyFrame, payload }: Packet): void {
    this.#reserve(payload.length);
    payload.copy(this.#data, this.#used);
    this.#used += payload.length;
    this.#samples.push({ dtsMs, ptsMs, size: payload.length, isKeyFrame });
  }

  /** Takes out what it holds. `next` is what follows, where that is known and of this track. */
  take(originMs: number, next: Packet | undefined): TrackFragment {
    const { track } = this;
    const times = this.#samples.map(({ dtsMs, ptsMs }) =>
      track.clock.place(dtsMs - originMs, ptsMs - originMs),
    );
    const nextDts =
      next === undefined ? undefined : Math.round(((next.dtsMs - originMs) * track.timescale) / 1000);
    const samples = this.#samples.map(({ size, isKeyFrame }, index): FragmentSample => {
      const { dts = 0, offset = 0 } = times[index] ?? {};
      const following = times[index + 1]?.dts ?? nextDts;
      // Of the last one it is a guess, and the next fragment says itself when it begins.
      const duration =
        following === undefined
          ? (this.#lastDuration ?? track.usualDuration)
          : Math.min(Math.max(0, following - dts), LONGEST_DURATION);
      this.#lastDuration = duration;
      return { dts, offset: offset + track.raise, size, duration, isKeyFrame };
    });
    const data = this.#data.subarray(0, this.#used);
    this.#samples = [];
    this.#used = 0;
    return { track, samples, data };
  }

  #reserve(size: number): void {
    const needed = this.#used + size;
    if (needed <= this.#data.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#data.length * 2));
    this.#data.copy(grown, 0, 0, this.#used);
    this.#data = grown;
  }
}
