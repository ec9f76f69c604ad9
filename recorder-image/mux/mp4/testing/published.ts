import type { TrackConfig, TrackId, Packet } from '../../../media/track.ts';
import { readMessage } from '../../../media/flv-packets.ts';
import type { Tag } from '../../../journal/flv.ts';
import type { PacketSource } from '../../packet-source.ts';

/** What was published, as a source of packets; `batch` of them at a time. */
export function publishedSource(tags: readonly Tag[], batch = 100): PacketSource {
  const contents = tags.map(({ track: kind, ...tag }) => readMessage({ kind, ...tag }));
  const tracks = new Map<TrackId, TrackConfig>();
  for (const config of contents.flatMap(({ configs }) => configs)) tracks.set(config.track, config);
  const packets = contents.flatMap((content) => content.packets);
  return {
    tracks: [...tracks.values()],
    startMs: packets[0]?.dtsMs ?? 0,
    batches: inBatches(packets, batch),
  };
}

// eslint-disable-next-line typescript/require-await
async function* inBatches(packets: readonly Packet[], size: number): AsyncGenerator<readonly Packet[]> {
  for (let start = 0; start < packets.length; start += size) yield packets.slice(start, start + size);
}
