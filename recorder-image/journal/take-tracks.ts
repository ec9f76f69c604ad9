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

  /** Whether media of `track` with this configuration can go into this take. */
  accepts(track: Track, config?: Buffer): boolean {
    if (this.#settled?.has(track) === false) return false;
    const known = this.#configs.get(track);
    if (known === undefined || config === undefined) return true;
    return !this.#withMedia.has(track) || configIdentity(track, config).equals(known);
  }

  /** Whether this configuration has to be written before media that it is for. */
  lacks(track: Track, config: Buffer): boolean {
    return this.#configs.get(track)?.equals(configIdentity(track, config)) !== true;
  }

  /** Takes note of a tag that is in the take. */
  observe(tag: Tag): void {
    const kind = payloadKind(tag.track, tag.payload);
    if (kind === 'config') this.#configs.set(tag.track, Buffer.from(configIdentity(tag.track, tag.payload)));
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

/** The codec configurations that a publisher has announced, waiting to be written before its next media. */
export class PublisherConfigs {
  readonly #configs = new Map<Track, Buffer>();

  announce(track: Track, payload: Buffer): void {
    this.#configs.set(track, Buffer.from(payload));
  }

  entries(): Iterable<[Track, Buffer]> {
    return this.#configs.entries();
  }
}
