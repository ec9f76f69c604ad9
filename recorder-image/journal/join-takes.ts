import { FILE_HEADER_SIZE, fileHeader, tagSize, writeTag } from './flv.ts';
import type { Track } from './flv.ts';
import { readBytes } from './follow-take.ts';
import { configIdentity, payloadKind } from './payload.ts';
import { readTags } from './recovery.ts';
import type { Take } from './take.ts';

/** The codec configurations that takes have in common, each as its payload. */
export type SharedConfigs = ReadonlyMap<Track, Buffer>;

/**
 * What the takes have in common where one header can describe them all: each track that two of them have is configured
 * the same in both. So it is where a camera or a microphone was only turned on later. Undefined where it can't.
 */
export async function sharedConfigs(takes: readonly Take[]): Promise<SharedConfigs | undefined> {
  const shared = new Map<Track, Buffer>();
  let differs = false;
  for (const take of takes) {
    const own = new Set<Track>();
    await readTags(take.path, ({ track, payload }) => {
      if (payloadKind(track, payload) !== 'config') return;
      own.add(track);
      const known = shared.get(track);
      if (known === undefined) shared.set(track, Buffer.from(payload));
      else differs ||= !configIdentity(track, known).equals(configIdentity(track, payload));
    });
    // Codecs that need no configuration say nothing of whether they are the same.
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
  yield fileHeader(new Set(configs.keys()));
  for (const [track, payload] of configs) {
    const tag = Buffer.alloc(tagSize(payload.length));
    writeTag(tag, 0, { track, timestampMs: takes[0]?.startMs ?? 0, payload });
    yield tag;
  }
  for (const take of takes) yield* readBytes(take, FILE_HEADER_SIZE, signal);
}
