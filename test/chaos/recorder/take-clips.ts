import { join } from 'node:path';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import { makeClip } from '../../support/media/clip.ts';
import { isConfig, readFlvTags } from '../../support/media/flv-tags.ts';

const SECONDS = 0.5;
/** 1024 samples at 48 kHz. */
const AAC_PACKET_MS = 1024 / 48;

/** Two short clips whose pictures differ in size: each begins another take behind the other. */
export type TakeClips = readonly [readonly Tag[], readonly Tag[]];

export async function makeTakeClips(folder: string): Promise<TakeClips> {
  const tags = async (name: string, size: string): Promise<Tag[]> =>
    await readFlvTags(await makeClip(join(folder, name), { seconds: SECONDS, size }));
  return [await tags('wide.flv', '320x180'), await tags('narrow.flv', '256x144')];
}

/** What is sent for this take, from 0, in ms of the publisher's own time: its sound goes on where that of the last one ends. */
export function tagsOfTake(clips: TakeClips, take: number): Tag[] {
  const tags = clips[take % 2 === 0 ? 0 : 1];
  const packets = tags.filter((tag) => tag.track === 'audio' && !isConfig(tag)).length;
  const startMs = Math.round(take * packets * AAC_PACKET_MS);
  return tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + startMs }));
}
