import type { CodecName } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import { acceptedContent } from '../media/accepted-content.ts';
import { readMessage } from '../media/flv-packets.ts';
import { isSameConfig, kindOf } from '../media/track.ts';
import type { MediaKind, MessageContent, Packet, TrackConfig, TrackId } from '../media/track.ts';
import type { Tag } from './flv.ts';

/** How much media, in ms, a take with audio or video alone waits for the other before it settles without it. */
export const SETTLE_AFTER_MS = 5000;
/** How much media, in ms, a take with both waits for further tracks, which often begin a little later. */
const SETTLE_WITH_BOTH_AFTER_MS = 1000;

interface KnownTrack {
  readonly codec: CodecName;
  readonly config: TrackConfig | undefined;
  readonly hasMedia: boolean;
}

/**
 * Which tracks a take has, found from its tags alone, so that a restarted recorder comes to the same answer.
 *
 * A take is a stretch of the recording that one container header describes. Its tracks settle a little after there are
 * both audio and video, or after {@link SETTLE_AFTER_MS} of media with what has come by then. A track that comes later
 * than that, or a changed configuration, is another take: the header can't be changed for it.
 */
export class TakeTracks {
  readonly #format: Format;
  readonly #known = new Map<TrackId, KnownTrack>();
  #settled: ReadonlySet<TrackId> | undefined;
  #firstMediaMs: number | undefined;
  #revision = 0;

  constructor(format: Format) {
    this.#format = format;
  }

  /** Undefined while the take still waits for a track. */
  get settled(): ReadonlySet<TrackId> | undefined {
    return this.#settled;
  }

  /** Of all tracks but those whose media came without any. */
  get configs(): readonly TrackConfig[] {
    return [...this.#known.values()].flatMap(({ config }) => config ?? []);
  }

  /** On the journal's timeline, in ms; undefined before the first media. */
  get firstMediaMs(): number | undefined {
    return this.#firstMediaMs;
  }

  get hasMedia(): boolean {
    return this.#firstMediaMs !== undefined;
  }

  /** Another number after each codec configuration. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether media of this configuration can go into this take. */
  accepts(config: TrackConfig): boolean {
    const known = this.#known.get(config.track);
    if (known?.config !== undefined && isSameConfig(known.config, config)) return true;
    if (this.#settled !== undefined) return false;
    return known?.hasMedia !== true || (known.config === undefined && known.codec === config.codec);
  }

  /** Whether this media can go into this take. */
  acceptsMedia({ track, codec }: Packet): boolean {
    const known = this.#known.get(track);
    return known?.codec === codec || (this.#settled === undefined && known?.hasMedia !== true);
  }

  /** Whether the configuration has to be written before media that it is for. */
  lacks(config: TrackConfig): boolean {
    const known = this.#known.get(config.track)?.config;
    return known === undefined || !isSameConfig(known, config);
  }

  /** What is in a tag, but for what of it the format can't hold. */
  read({ track: kind, timestampMs, payload }: Tag): MessageContent {
    return acceptedContent(readMessage({ kind, timestampMs, payload }), this.#format);
  }

  /** Takes note of what is in a tag of the take. */
  observe({ configs, packets }: MessageContent, timestampMs: number): void {
    for (const config of configs) {
      if (!this.lacks(config)) continue;
      const hasMedia = this.#known.get(config.track)?.hasMedia ?? false;
      const kept = { ...config, record: Buffer.from(config.record) };
      this.#known.set(config.track, { codec: config.codec, config: kept, hasMedia });
      this.#revision += 1;
    }
    for (const { track, codec } of packets) {
      const known = this.#known.get(track);
      if (known?.hasMedia === true) continue;
      const config = known?.codec === codec ? known.config : undefined;
      this.#known.set(track, { codec, config, hasMedia: true });
    }
    if (packets.length === 0) return;
    this.#firstMediaMs ??= timestampMs;
    this.#settle(timestampMs - this.#firstMediaMs);
  }

  /** The take has ended: what it has is all that it will have. */
  end(): void {
    this.#settled ??= new Set(this.#known.keys());
  }

  #settle(mediaMs: number): void {
    if (this.#settled !== undefined || mediaMs < SETTLE_WITH_BOTH_AFTER_MS) return;
    if (mediaMs >= SETTLE_AFTER_MS || (this.#has('audio') && this.#has('video'))) this.end();
  }

  #has(kind: MediaKind): boolean {
    return [...this.#known.keys()].some((track) => kindOf(track) === kind);
  }
}
