import { isSameConfig } from '../media/track.ts';
import type { Packet, TrackConfig, TrackId } from '../media/track.ts';
import type { TakeTracks } from './take-tracks.ts';

/** A codec configuration as a publisher has announced it. */
interface AnnouncedConfig {
  readonly config: TrackConfig;
  /** The message that announced it; undefined where each packet does. */
  readonly payload: Buffer | undefined;
}

/** The codec configurations that a publisher has announced, waiting to be written before its next media. */
export class PublisherConfigs {
  readonly #configs = new Map<TrackId, AnnouncedConfig>();
  /** The take that has all of them, and its revision since then: compared for each message, unlike the bytes. */
  #takenBy: TakeTracks | undefined;
  #revision = 0;

  /** The payload is copied. Undefined for a codec that announces itself with each packet. */
  announce(configs: readonly TrackConfig[], payload: Buffer | undefined): void {
    let kept: Buffer | undefined;
    for (const config of configs) {
      const known = this.#configs.get(config.track);
      if (known !== undefined && isSameConfig(known.config, config)) continue;
      if (payload !== undefined) kept ??= Buffer.from(payload);
      // Behind all others: a message for several tracks may hold what is no longer true of this one.
      this.#configs.delete(config.track);
      const record = Buffer.from(config.record);
      this.#configs.set(config.track, { config: { ...config, record }, payload: kept });
      this.#takenBy = undefined;
    }
  }

  /** Forgets what was announced for another codec than the one that comes. */
  reconcile(packets: readonly Packet[]): void {
    for (const { track, codec } of packets) {
      const known = this.#configs.get(track)?.config.codec;
      if (known !== undefined && known !== codec) this.#configs.delete(track);
    }
  }

  all(): Iterable<AnnouncedConfig> {
    return this.#configs.values();
  }

  /** Whether the take can have all of them. */
  fit(tracks: TakeTracks): boolean {
    return this.areIn(tracks) || [...this.#configs.values()].every(({ config }) => tracks.accepts(config));
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
