import { CODECS, isRefused, refusalOf } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import { kindOf } from '../media/track.ts';
import type { MessageContent, TrackId } from '../media/track.ts';
import { SETTLE_AFTER_MS } from './take-tracks.ts';

/** A track that is left out of the recording. */
export interface LeftOutTrack {
  readonly track: TrackId;
  /** A name of the codec registry, or what the publisher calls a codec that has none there. */
  readonly codec: string;
  /** A sentence that names the codec. */
  readonly why: string;
}

export interface Refusal extends LeftOutTrack {
  /** For so long nothing else has come that the publisher seems to have nothing that can be recorded. */
  readonly fatal: boolean;
}

const HALF_OF_32_BITS = 2 ** 31;

/** The codecs of one publisher that its recording can't hold, each of which it is told once. */
export class PublisherRefusals {
  readonly #format: Format;
  readonly #told = new Set<string>();
  #firstRefusedAt: number | undefined;
  #hasAccepted = false;
  #isFatal = false;

  constructor(format: Format) {
    this.#format = format;
  }

  /**
   * What the publisher is to be told of this message, if anything. `accepted` is what of `content` is kept; `timestamp`
   * in ms as RTMP has it.
   */
  of(content: MessageContent, accepted: MessageContent, timestamp: number): Refusal | undefined {
    this.#hasAccepted ||= accepted.packets.length > 0;
    if (content === accepted) return undefined;
    const refused = refusedTracks(content, this.#format);
    const news = refused.find(({ track, codec }) => !this.#told.has(`${track} ${codec}`));
    const fatal = this.#becomesFatal(timestamp);
    const told = news ?? (fatal ? refused[0] : undefined);
    if (told === undefined) return undefined;
    const { track, codec, label } = told;
    this.#told.add(`${track} ${codec}`);
    return { track, codec, why: refusalOf(label, kindOf(track), this.#format), fatal };
  }

  #becomesFatal(timestamp: number): boolean {
    this.#firstRefusedAt ??= timestamp;
    if (this.#hasAccepted || this.#isFatal) return false;
    const elapsed = (timestamp - this.#firstRefusedAt) >>> 0;
    this.#isFatal = elapsed >= SETTLE_AFTER_MS && elapsed < HALF_OF_32_BITS;
    return this.#isFatal;
  }
}

function refusedTracks(
  { configs, packets, unknown }: MessageContent,
  format: Format,
): { readonly track: TrackId; readonly codec: string; readonly label: string }[] {
  return [
    ...[...configs, ...packets]
      .filter(({ codec }) => isRefused(codec, format))
      .map(({ track, codec }) => ({ track, codec, label: CODECS[codec].label })),
    ...unknown.map(({ track, name }) => ({ track, codec: name, label: name })),
  ];
}
