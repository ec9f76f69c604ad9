import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { startChild } from '../support/child-process.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import type { S3Service } from '../support/s3-server.ts';
import { startSeaweedfs } from '../support/seaweedfs.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const MIB = 1024 * 1024;
const SALVAGE = join(import.meta.dirname, '../../recorder-image/bin/salvage.ts');
const FORMATS = ['mp4', 'm3u8'] as const;
const resources = new AsyncDisposableStack();
let s3: S3Service;
/** Some 29 MB: three full parts and a piece. */
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startSeaweedfs());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 14, bitrateKbps: 16_000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: string, format: string): Promise<RecorderPlace> {
  const place = await recorderPlace({ folder, s3, bucket: BUCKET });
  const s3Key = place.s3Key.replace('.mp4', `.${format}`);
  return { ...place, s3Key, env: { ...place.env, RECORDING_FORMAT: format, S3_KEY: s3Key } };
}

/** Everything that the store has of a recording, as files in the folder. Returns the path of the first one. */
async function download(place: RecorderPlace, folder: string): Promise<string> {
  const client = s3.client();
  const prefix = place.s3Key.replace(/\.[a-z0-9]+$/, '');
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
  for (const { Key = '' } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    const path = join(folder, 'stored', Key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, (await Body?.transformToByteArray()) ?? '');
  }
  client.destroy();
  return join(folder, 'stored', place.s3Key);
}

it.each(FORMATS)('SeaweedFS takes what is recorded: %s', async (format) => {
  await using folder = await tempDirectory('recorder');
  const place = await placeIn(folder.path, format);
  await using recorder = await startRecorder(place);
  await publish({ file: clip, url: recorder.url });
  expect(await recorder.stop()).toBe(0);
  expect(await readResult(place)).toMatchObject({ outcome: 'completed', key: place.s3Key });
  const file = await download(place, folder.path);
  await expectPlayable(file, await debianFfmpegPath());
  expect(comparePackets(await packetHashes(clip), await packetHashes(file)).ok).toBe(true);
});

it.each(FORMATS)('SeaweedFS has what a lost recorder had stored, and it is salvaged: %s', async (format) => {
  await using folder = await tempDirectory('salvage');
  const place = await placeIn(folder.path, format);
  await using recorder = await startRecorder(place);
  await publish({ file: clip, url: recorder.url });
  const enough = format === 'mp4' ? 3 * 8 * MIB : 2 * 8 * MIB;
  await waitFor(async () => (await recorder.status()).bytesUploaded >= enough, {
    what: 'most of it in S3',
    timeoutMs: 120_000,
  });
  await recorder.kill();
  await rm(place.spool, { recursive: true, maxRetries: 5, retryDelay: 100 });

  const env = { ...place.env };
  await using child = await startChild({ name: 'salvage', command: process.execPath, args: [SALVAGE], env });
  expect(await child.exited).toBe(0);
  expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'Salvaged' });
  const file = await download(place, folder.path);
  await expectPlayable(file, await debianFfmpegPath());
  const { video, audio } = comparePackets(await packetHashes(clip), await packetHashes(file));
  for (const track of [video, audio]) {
    expect(track).toMatchObject({ extra: 0, firstMissing: track.recorded });
    expect(track.recorded).toBeGreaterThan(track.published * 0.5);
  }
});
