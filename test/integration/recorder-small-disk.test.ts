import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;
/** 24 MB in 24 s. */
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 24, bitrateKbps: 8000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

/** A recorder whose spool has room for a part of the clip only. */
async function onSmallDisk(folder: TempDirectory, format: string): Promise<RecorderPlace> {
  const env = { RECORDING_MIN_FREE_MB: '8', RECORDING_SPOOL_LIMIT_MB: '32' };
  const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
  const s3Key = place.s3Key.replace('.mp4', `.${format}`);
  return { ...place, s3Key, env: { ...place.env, RECORDING_FORMAT: format, S3_KEY: s3Key } };
}

/** Whether the recorder has noted that its publisher is gone and nothing can be lost. */
async function isWritten({ spool }: RecorderPlace): Promise<boolean> {
  const state = JSON.parse(await readFile(join(spool, 'state.json'), 'utf8')) as { live?: boolean };
  return state.live === false;
}

async function packetsOf(place: RecorderPlace) {
  const result = await readResult(place);
  if (result.outcome !== 'completed') throw new Error(JSON.stringify(result));
  const all = { video: [] as string[], audio: [] as string[] };
  for (const { key } of result.files ?? [result]) {
    const object = join(s3.directory, BUCKET, key);
    await expectPlayable(object, await debianFfmpegPath());
    const { video, audio } = await packetHashes(object);
    all.video.push(...video);
    all.audio.push(...audio);
  }
  return { result, all };
}

it.each(['mp4', 'm3u8'])(
  'records more than the disk has room for, also when it is killed in between: %s',
  async (format) => {
    await using folder = await tempDirectory('disk');
    const place = await onSmallDisk(folder, format);
    const isThere = (name: string): boolean => existsSync(join(place.spool, name));
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url, realTime: true });
    await waitFor(() => isThere('take-1.released.json') && !isThere('take-1.flv'), {
      what: 'the first take to be released',
    });
    await waitFor(() => isWritten(place), { what: 'all that came to be written' });
    await first.kill();

    await using second = await startRecorder(place);
    await publish({ file: clip, url: second.url, realTime: true });
    expect(await second.stop()).toBe(0);
    const { result, all } = await packetsOf(place);
    expect(result).toMatchObject({ reason: 'Stopped', complete: true });
    const { video, audio } = await packetHashes(clip);
    const twice = { video: [...video, ...video], audio: [...audio, ...audio] };
    expect(comparePackets(twice, all)).toMatchObject({ ok: true });
    if (format === 'mp4') expect(result.files?.length).toBeGreaterThan(2);
  },
);
