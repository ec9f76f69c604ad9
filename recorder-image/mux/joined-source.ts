import type { Format } from '../contract/formats.ts';
import { takePackets } from '../journal/take-packets.ts';
import type { Take } from '../journal/take.ts';
import { isSameConfig } from '../media/track.ts';
import type { Packet, TrackConfig, TrackId } from '../media/track.ts';
import { sampleEntry } from './mp4/sample-entry.ts';
import type { PacketSource } from './packet-source.ts';
import { takeSource } from './take-source.ts';
import type { TakeSourceOptions } from './take-source.ts';

/**
 * What one MP4 of several takes that have ended is made of, one after another. Undefined where no header describes them
 * all: a track that two of them have has to be configured the same in both. So it is where a camera or a microphone was
 * only turned on later. Throws what {@link takeSource} throws.
 */
export async function joinedSource(
  takes: readonly Take[],
  options: TakeSourceOptions,
  signal: AbortSignal,
): Promise<PacketSource | undefined> {
  const sources = [];
  for (const take of takes) sources.push(await takeSource(take, options, signal));
  const tracks = new Map<TrackId, TrackConfig>();
  for (const config of sources.flatMap((source) => source.tracks)) {
    const known = tracks.get(config.track);
    if (known !== undefined && !isSameConfig(known, config)) return undefined;
    tracks.set(config.track, config);
  }
  const frames = new Map<TrackId, Packet>();
  for (const config of tracks.values()) {
    if (sampleEntry(config) !== undefined) continue;
    const frame = await firstFrame(takes, { config, format: options.format }, signal);
    if (frame !== undefined) frames.set(config.track, frame);
  }
  return {
    tracks: [...tracks.values()],
    startMs: takes[0]?.startMs ?? 0,
    frames,
    batches: concatenated(sources),
  };
}

async function* concatenated(
  sources: readonly PacketSource[],
): AsyncGenerator<readonly Packet[], void, undefined> {
  for (const { batches } of sources) yield* batches;
}

/** The first frame that tells how the track is coded. */
async function firstFrame(
  takes: readonly Take[],
  { config, format }: { readonly config: TrackConfig; readonly format: Format },
  signal: AbortSignal,
): Promise<Packet | undefined> {
  const tells = ({ track, payload }: Packet): boolean =>
    track === config.track && sampleEntry(config, payload) !== undefined;
  for (const take of takes.filter(({ tracks }) => tracks?.has(config.track) === true)) {
    for await (const packets of takePackets(take, format, signal)) {
      const found = packets.find(tells);
      if (found !== undefined) return { ...found, payload: Buffer.from(found.payload) };
    }
  }
  return undefined;
}
