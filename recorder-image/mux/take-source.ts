import { fateOf } from '../contract/codecs.ts';
import type { Format } from '../contract/formats.ts';
import { takePackets } from '../journal/take-packets.ts';
import type { Take } from '../journal/take.ts';
import type { TrackConfig, TrackId } from '../media/track.ts';
import { abortable } from '../support/abortable.ts';
import type { AudioEncoder } from './audio-encoder.ts';
import { encodeTracks } from './encode-tracks.ts';
import type { PacketSource } from './packet-source.ts';
import { UnmuxableError } from './unmuxable-error.ts';

export interface TakeSourceOptions {
  readonly format: Format;
  /** Makes what encodes a track of this configuration, while the take grows or when it has ended. */
  readonly encoderOf: (config: TrackConfig, live: boolean) => AudioEncoder;
}

/**
 * What the take's file is made of: its packets as they were published, and of tracks that the format can't hold what
 * they are encoded to. Waits until the tracks have settled. Throws {@link UnmuxableError} where nothing says how one of
 * them is coded, or the signal's reason.
 */
export async function takeSource(
  take: Take,
  { format, encoderOf }: TakeSourceOptions,
  signal: AbortSignal,
): Promise<PacketSource> {
  const source = await publishedSource(take, format, signal);
  const encoders = new Map<TrackId, AudioEncoder>();
  const tracks = source.tracks.map((config) => {
    if (fateOf(config.codec, format).is !== 'encoded') return config;
    const encoder = encoderOf(config, !take.ended);
    encoders.set(config.track, encoder);
    return encoder.config;
  });
  if (encoders.size === 0) return source;
  return { ...source, tracks, batches: encodeTracks(source.batches, encoders, signal) };
}

/**
 * The take's packets as they were published, but for what the format can't hold even encoded. Waits and throws as
 * {@link takeSource} does.
 */
export async function publishedSource(
  take: Take,
  format: Format,
  signal: AbortSignal,
): Promise<PacketSource> {
  while (take.tracks === undefined) await abortable(take.changed(), signal);
  const unknown = [...take.tracks].find((track) => !take.configs.some((config) => config.track === track));
  if (unknown !== undefined) throw new UnmuxableError(`nothing tells how ${unknown} is coded`);
  return { tracks: take.configs, startMs: take.startMs, batches: takePackets(take, format, signal) };
}
