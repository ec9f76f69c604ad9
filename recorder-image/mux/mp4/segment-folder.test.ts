import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../../../test/support/media/clip.ts';
import { comparePackets, packetHashes } from '../../../test/support/media/packets.ts';
import { isConfig, readFlvTags } from '../../../test/support/media/flv-tags.ts';
import { recordedStreams } from '../../../test/support/media/recorded-streams.ts';
import { tempDirectory } from '../../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../../test/support/temp-directory.ts';
import type { Tag } from '../../journal/flv.ts';
import { segmentsIn } from '../../upload/segment-files.ts';
import { mp4Pieces } from './mp4-pieces.ts';
import { writeSegments } from './segment-folder.ts';
import { boxesIn } from './testing/made-file.ts';
import { publishedSource } from './testing/published.ts';

const NAMES = { playlist: 'index.m3u8', init: 'init.mp4' };
const resources = new AsyncDisposableStack();
let clips: TempDirectory;
let clip: string;
/** 20 s with a key frame each second, and B-frames. */
let published: readonly Tag[];

beforeAll(async () => {
  clips = resources.use(await tempDirectory('segments'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 20, bFrames: 2 });
  published = await readFlvTags(clip);
}, 300_000);

afterAll(() => resources.disposeAsync());

async function segmentsOf(tags: readonly Tag[], folder: TempDirectory) {
  await writeSegments(mp4Pieces(publishedSource(tags)), folder.path, NAMES);
  return await segmentsIn(folder.path);
}

describe('segments', () => {
  it('are about 6 s long, begin with key frames, and have every packet', async () => {
    await using folder = await tempDirectory('segments');
    const segments = await segmentsOf(published, folder);
    expect(segments.map(({ file }) => file)).toEqual(['00000.m4s', '00001.m4s', '00002.m4s', '00003.m4s']);
    const seconds = segments.map(({ durationSeconds }) => durationSeconds);
    for (const each of seconds.slice(0, 3)) expect(each).toBeCloseTo(6, 0);
    const init = await readFile(join(folder.path, NAMES.init));
    const whole: Buffer[] = [init];
    let at = 0;
    for (const { file, durationSeconds } of segments) {
      const bytes = await readFile(join(folder.path, file));
      expect(new Set(boxesIn(bytes).map(({ type }) => type))).toEqual(new Set(['moof', 'mdat']));
      whole.push(bytes);
      const alone = join(folder.path, `${file}.mp4`);
      await writeFile(alone, Buffer.concat([init, bytes]));
      const video = (await recordedStreams(alone)).find(({ type }) => type === 'video');
      const starts = video?.packets.map(({ ptsMs }) => ptsMs) ?? [];
      // The playlist's times are those of the pictures.
      if (at > 0) expect(Math.abs(Math.min(...starts) - at * 1000)).toBeLessThan(2);
      at += durationSeconds;
    }
    const file = join(folder.path, 'whole.mp4');
    await writeFile(file, Buffer.concat(whole));
    expect(comparePackets(await packetHashes(clip), await packetHashes(file))).toMatchObject({ ok: true });
    // The first picture is shown after two B-frames' time.
    expect(at).toBeCloseTo(20.13, 1);
  });

  it('go on where there are no pictures for a while', async () => {
    await using folder = await tempDirectory('segments');
    const tags = published.filter((tag) => tag.track === 'audio' || isConfig(tag) || tag.timestampMs < 2000);
    const seconds = (await segmentsOf(tags, folder)).map(({ durationSeconds }) => durationSeconds);
    expect(seconds.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...seconds)).toBeLessThan(12);
  });

  it('are named once they are whole, and end with the list', async () => {
    await using folder = await tempDirectory('segments');
    await segmentsOf(published, folder);
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(await readFile(join(folder.path, NAMES.playlist), 'utf8')).toMatch(/\n#EXT-X-ENDLIST\n$/);
  });
});
