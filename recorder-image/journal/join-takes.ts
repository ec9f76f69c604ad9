import { readMessage } from '../media/flv-packets.ts';
import { isSameConfig, kindOf } from '../media/track.ts';
import type { TrackConfig, TrackId } from '../media/track.ts';
import { FILE_HEADER_SIZE, fileHeader, tagSize, writeTag } from './flv.ts';
import { readBytes } from './follow-take.ts';
import { readTags } from './recovery.ts';
import type { Take } from './take.ts';

interface SharedConfig {
  readonly config: TrackConfig;
  /** The message that announced it. */
  readonly payload: Buffer;
}

/** The codec configurations that takes have in common. */
export type SharedConfigs = ReadonlyMap<TrackId, SharedConfig>;

/**
 * What the takes have in common where one header can describe them all: each track that two of them have is configured
 * the same in both. So it is where a camera or a microphone was only turned on later. Undefined where it can't.
 */
export async function sharedConfigs(takes: readonly Take[]): Promise<SharedConfigs | undefined> {
  const shared = new Map<TrackId, SharedConfig>();
  let differs = false;
  for (const take of takes) {
    const own = new Set<TrackId>();
    await readTags(take.path, ({ track: kind, timestampMs, payload }) => {
      const { configs, packets } = readMessage({ kind, timestampMs, payload });
      if (packets.length > 0) return;
      for (const config of configs) {
        own.add(config.track);
        const known = shared.get(config.track);
        if (known === undefined) shared.set(config.track, { config, payload: Buffer.from(payload) });
        else differs ||= !isSameConfig(known.config, config);
      }
    });
    // Codecs that announce themselves with each packet can't be announced in front of the first take.
    for (const track of take.tracks ?? []) differs ||= !own.has(track);
    if (differs) return undefined;
  }
  return shared;
}

/** The takes as one FLV stream. It begins with all configurations, also of tracks that come later. */
export async function* joinTakes(
  takes: readonly Take[],
  configs: SharedConfigs,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  yield fileHeader(new Set([...configs.keys()].map(kindOf)));
  for (const [track, { payload }] of configs) {
    const tag = Buffer.alloc(tagSize(payload.length));
    writeTag(tag, 0, { track: kindOf(track), timestampMs: takes[0]?.startMs ?? 0, payload });
    yield tag;
  }
  for (const take of takes) yield* readBytes(take, FILE_HEADER_SIZE, signal);
}
