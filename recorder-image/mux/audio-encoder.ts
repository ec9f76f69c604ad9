import type { Packet, TrackConfig } from '../media/track.ts';
import { AudioStretch } from './audio-stretch.ts';
import type { AudioStretchOptions } from './audio-stretch.ts';
import { isStereo } from './recipes.ts';

/** A gap in the audio up to this long, in ms, is filled with silence. A longer one stays a gap. */
const MAX_SILENCE_MS = 2000;
/** How much of what was encoded, in ms, may still be on its way through FFmpeg. */
const IN_FFMPEG_MS = 500;
/** AudioSpecificConfig of AAC LC at 48 kHz. */
const MONO = Buffer.from([0x11, 0x88]);
const STEREO = Buffer.from([0x11, 0x90]);

/**
 * Encodes a track to AAC, on the journal's timeline. What comes out, and when it may be taken, depends on nothing but
 * what goes in: the same take makes the same file each time.
 */
export class AudioEncoder {
  /** Of what comes out. */
  readonly config: TrackConfig;
  readonly #options: AudioStretchOptions;
  #stretch: AudioStretch | undefined;
  #ready: Packet[] = [];

  constructor(options: AudioStretchOptions) {
    const { config } = options;
    this.config = { track: config.track, codec: 'aac', record: isStereo(config) ? STEREO : MONO };
    this.#options = options;
  }

  /** Takes a packet in; its time is none before that of the last one. Throws FfmpegError. */
  async encode(packet: Packet): Promise<void> {
    await this.passTo(packet.dtsMs);
    this.#stretch ??= new AudioStretch(this.#options, packet.dtsMs);
    await this.#stretch.write(packet);
  }

  /** The journal has come to this time, in ms, and this track has nothing before it any more. Throws FfmpegError. */
  async passTo(ms: number): Promise<void> {
    if (this.#stretch !== undefined && ms - this.#stretch.lastMs > MAX_SILENCE_MS) await this.end();
  }

  /**
   * Takes the packets before this time, in ms, but for the last {@link IN_FFMPEG_MS} of what has gone in. Throws
   * FfmpegError.
   */
  async take(untilMs: number): Promise<readonly Packet[]> {
    const stretch = this.#stretch;
    if (stretch !== undefined) {
      this.#ready.push(...(await stretch.take(Math.min(untilMs, stretch.lastMs - IN_FFMPEG_MS))));
    }
    const count = this.#ready.findIndex(({ dtsMs }) => dtsMs >= untilMs);
    return this.#ready.splice(0, count < 0 ? this.#ready.length : count);
  }

  /** Nothing more comes for now: all that has gone in can be taken. Throws FfmpegError. */
  async end(): Promise<void> {
    const stretch = this.#stretch;
    this.#stretch = undefined;
    if (stretch !== undefined) this.#ready.push(...(await stretch.end()));
  }

  /** Ends at once. */
  close(): void {
    this.#stretch?.close();
    this.#stretch = undefined;
  }
}
