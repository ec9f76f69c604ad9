import type { Packet, TrackConfig } from '../../media/track.ts';
import { provisionalEntry, sampleEntry } from './sample-entry.ts';
import type { SampleEntry } from './sample-entry.ts';
import { SampleClock } from './sample-clock.ts';

/** Exact multiples of ms, and of the duration of a frame at all usual rates. */
const VIDEO_TIMESCALE = 90_000;
const LOWEST_TIMESCALE = 4000;
/** How long a picture is shown that is the only one, in seconds. */
const LONE_PICTURE_SECONDS = 1 / 30;

/** A track of the file that is made, and what its header has to say of it. */
export class Mp4Track {
  readonly id: number;
  readonly config: TrackConfig;
  /**
   * What all offsets of the track are raised by, in units, so that none is negative: an edit takes it back. FFmpeg takes
   * negative ones of fragments for something else. Final once the header is written.
   */
  raise = 0;
  #entry: SampleEntry | undefined;
  #clock: SampleClock | undefined;

  constructor(id: number, config: TrackConfig) {
    this.id = id;
    this.config = config;
    this.#entry = sampleEntry(config);
  }

  /** Whether all is known that the header says. */
  get isDescribed(): boolean {
    return this.#entry !== undefined;
  }

  /** Takes what a frame says that the configuration does not. */
  learnFrom(frame: Packet | undefined): void {
    if (frame !== undefined) this.#entry ??= sampleEntry(this.config, frame.payload);
  }

  /** Undefined where not enough is known to write any header. */
  get entry(): SampleEntry | undefined {
    return this.#entry ?? provisionalEntry(this.config);
  }

  get isVideo(): boolean {
    return this.config.track.startsWith('video');
  }

  /** Units per second. */
  get timescale(): number {
    const { entry } = this;
    return entry?.kind === 'audio' && entry.rate >= LOWEST_TIMESCALE ? entry.rate : VIDEO_TIMESCALE;
  }

  /** How long a sample lasts of which nothing else tells it, in units. */
  get usualDuration(): number {
    const { entry, timescale } = this;
    if (entry?.kind !== 'audio') return Math.round(timescale * LONE_PICTURE_SECONDS);
    return Math.round((entry.frameSamples / entry.rate) * timescale);
  }

  /** To be asked for only once the header is written, which fixes the timescale. */
  get clock(): SampleClock {
    return (this.#clock ??= new SampleClock(this.timescale));
  }
}

/** The file's tracks, pictures first; ids count from 1. */
export function mp4Tracks(configs: readonly TrackConfig[]): readonly Mp4Track[] {
  const number = ({ track }: TrackConfig): number => Number(track.split(':')[1]);
  const isAudio = ({ track }: TrackConfig): number => (track.startsWith('audio') ? 1 : 0);
  return [...configs]
    .sort((a, b) => isAudio(a) - isAudio(b) || number(a) - number(b))
    .map((config, index) => new Mp4Track(index + 1, config));
}
