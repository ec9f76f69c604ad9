import type { Packet, TrackId } from '../../media/track.ts';
import { UnmuxableError } from '../unmuxable-error.ts';
import { fragmentOf } from './fragment.ts';
import type { Fragment } from './fragment.ts';
import type { Mp4Track } from './mp4-track.ts';
import { TrackBuffer } from './track-buffer.ts';

/** A fragment is what an unfinished file may lack at its end, in ms, and each one costs some bytes. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 5000;
/** Bytes: of what is sent faster than anybody watches, fragments are shorter. */
const MOST_BYTES = 8 * 1024 * 1024;
/** How long the first one waits for frames that tell what the header has to say, in ms of media. */
const LONGEST_FIRST_MS = 10_000;

/**
 * Gathers packets into fragments. Where one ends depends on the packets alone, so that the same ones make the same file
 * however they come.
 */
export class Fragmenter {
  readonly tracks: readonly Mp4Track[];
  readonly #startMs: number;
  readonly #buffers = new Map<TrackId, TrackBuffer>();
  /** The track at whose key frames fragments begin; undefined where there is sound alone. */
  readonly #lead: TrackBuffer | undefined;
  #originMs: number | undefined;
  #sequence = 0;

  /** @param startMs what becomes time 0 of the file, unless something is shown before */
  constructor(tracks: readonly Mp4Track[], startMs: number) {
    this.tracks = tracks;
    this.#startMs = startMs;
    for (const track of tracks) this.#buffers.set(track.config.track, new TrackBuffer(track));
    this.#lead = [...this.#buffers.values()].find(({ track }) => track.isVideo);
  }

  get isEmpty(): boolean {
    return [...this.#buffers.values()].every(({ isEmpty }) => isEmpty);
  }

  /** The time in ms that is time 0 of the file; known once a fragment has been taken. */
  get originMs(): number {
    return this.#originMs ?? this.#startMs;
  }

  /** Whether the fragment has to be taken before this is added. */
  endsBefore(packet: Packet): boolean {
    const buffer = this.#bufferOf(packet);
    const span = buffer.spanTo(packet);
    if (this.#sequence === 0 && !this.#isDescribed()) return span >= LONGEST_FIRST_MS;
    return span >= LONGEST_MS || this.#bytes() >= MOST_BYTES || (span >= SHORTEST_MS && this.isEntry(packet));
  }

  /** Whether it is a picture with which playing can begin. */
  isEntry({ track, isKeyFrame }: Packet): boolean {
    return isKeyFrame && track === this.#lead?.track.config.track;
  }

  /** Whether there is no picture in it. */
  get isBlind(): boolean {
    return this.#lead === undefined || this.#lead.isEmpty;
  }

  add(packet: Packet): void {
    const buffer = this.#bufferOf(packet);
    if (!buffer.track.isDescribed) buffer.track.learnFrom(packet);
    buffer.add(packet);
  }

  /** To be called before the header is written, with what the first fragment has. */
  settleHeader(): void {
    for (const { track, mostNegativeMs } of this.#buffers.values())
      track.raise = Math.ceil((mostNegativeMs * track.timescale) / 1000);
  }

  /** Takes out what has been gathered. `next` is the packet that comes after it, where there is one. */
  take(next?: Packet): Fragment {
    const full = [...this.#buffers.values()].filter(({ isEmpty }) => !isEmpty);
    this.#originMs ??= full.reduce((least, { earliestMs }) => Math.min(least, earliestMs), this.#startMs);
    const { originMs } = this;
    this.#sequence += 1;
    const parts = full.map((buffer) =>
      buffer.take(originMs, next?.track === buffer.track.config.track ? next : undefined),
    );
    return fragmentOf(this.#sequence, parts);
  }

  #bufferOf({ track }: Packet): TrackBuffer {
    const buffer = this.#buffers.get(track);
    if (buffer === undefined)
      throw new UnmuxableError(`a packet of ${track}, which the header does not have`);
    return buffer;
  }

  #isDescribed(): boolean {
    return this.tracks.every(({ isDescribed }) => isDescribed);
  }

  #bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#buffers.values()) sum += bytes;
    return sum;
  }
}
