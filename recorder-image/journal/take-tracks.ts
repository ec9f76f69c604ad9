import type { Tag, Track } from './flv.ts';
import { configIdentity, payloadKind, videoCodecOf } from './payload.ts';
import type { VideoCodec } from './payload.ts';

/** How much media, in ms, a take with only one track waits for the other before it settles without it. */
export const SETTLE_AFTER_MS = 5000;

/**
 * Which tracks a take has, found from its tags alone, so that a restarted recorder comes to the same answer.
 *
 * A take is a stretch of the recording that one container header describes. Its tracks settle once both codec
 * configurations are there, or after {@link SETTLE_AFTER_MS} of media with what has come by then. A track that comes
 * later than that, or a changed configuration, is another take: FFmpeg would drop it in silence.
 */
export class TakeTracks {
  /** Of each track, what tells its codec configuration apart. */
  readonly #configs = new Map<Track, Buffer>();
  readonly #withMedia = new Set<Track>();
  #settled: ReadonlySet<Track> | undefined;
  #firstMediaMs: number | undefined;
  #videoCodec: VideoCodec | undefined;
  #revision = 0;

  /** Undefined while the take still waits for a track. */
  get settled(): ReadonlySet<Track> | undefined {
    return this.#settled;
  }

  /** On the journal's timeline, in ms; undefined before the first media. */
  get firstMediaMs(): number | undefined {
    return this.#firstMediaMs;
  }

  /** Undefined while no video has come. */
  get videoCodec(): VideoCodec | undefined {
    return this.#videoCodec;
  }

  get hasMedia(): boolean {
    return this.#withMedia.size > 0;
  }

  /** Another number after each codec configuration. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether media of `track` with the configuration of this identity can go into this take. */
  accepts(track: Track, identity?: Buffer): boolean {
    if (this.#settled?.has(track) === false) return false;
    const known = this.#configs.get(track);
    if (known === undefined || identity === undefined) return true;
    return !this.#withMedia.has(track) || identity.equals(known);
  }

  /** Whether the configuration of this identity has to be written before media that it is for. */
  lacks(track: Track, identity: Buffer): boolean {
    return this.#configs.get(track)?.equals(identity) !== true;
  }

  /** Takes note of a tag that is in the take. */
  observe(tag: Tag): void {
    const kind = payloadKind(tag.track, tag.payload);
    if (kind === 'config') {
      this.#configs.set(tag.track, Buffer.from(configIdentity(tag.track, tag.payload)));
      this.#revision += 1;
    }
    if (tag.track === 'video' && kind !== 'other') this.#videoCodec ??= videoCodecOf(tag.payload);
    if (kind === 'media') {
      this.#withMedia.add(tag.track);
      this.#firstMediaMs ??= tag.timestampMs;
    }
    this.#settle(tag.timestampMs);
  }

  /** The take has ended: what it has is all that it will have. */
  end(): void {
    this.#settled ??= this.#known();
  }

  #settle(nowMs: number): void {
    if (this.#settled !== undefined || this.#firstMediaMs === undefined) return;
    const known = this.#known();
    if (known.size === 2 || nowMs - this.#firstMediaMs >= SETTLE_AFTER_MS) this.#settled = known;
  }

  #known(): ReadonlySet<Track> {
    return new Set([...this.#configs.keys(), ...this.#withMedia]);
  }
}

/** A codec configuration as a publisher has announced it. */
export interface AnnouncedConfig {
  readonly track: Track;
  readonly payload: Buffer;
  /** By which it is compared with others: see {@link configIdentity}. */
  readonly identity: Buffer;
}

/** The codec configurations that a publisher has announced, waiting to be written before its next media. */
export class PublisherConfigs {
  readonly #configs = new Map<Track, AnnouncedConfig>();
  /** The take that has all of them, and its revision since then: compared for each message, unlike the bytes. */
  #takenBy: TakeTracks | undefined;
  #revision = 0;

  announce(track: Track, payload: Buffer): void {
    const kept = Buffer.from(payload);
    this.#configs.set(track, { track, payload: kept, identity: configIdentity(track, kept) });
    this.#takenBy = undefined;
  }

  all(): readonly AnnouncedConfig[] {
    return [...this.#configs.values()];
  }

  /** Whether the take is known to have all of them as they were announced. */
  areIn(tracks: TakeTracks): boolean {
    return this.#takenBy === tracks && this.#revision === tracks.revision;
  }

  /** The take has all of them. */
  noteIn(tracks: TakeTracks): void {
    this.#takenBy = tracks;
    this.#revision = tracks.revision;
  }
}
