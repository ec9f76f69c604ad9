import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { makeClip } from '../support/media/clip.ts';
import { isConfig, readFlvTags } from '../support/media/flv-tags.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish } from '../support/media/publish.ts';
import {
  readResult,
  recorderPlace,
  spawnRecorder,
  startRecorder,
} from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startRtmpPublisher } from '../support/media/rtmp-publisher.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clip: string;
let published: readonly Tag[];
/** The same, but nothing says how it is coded. */
let unknown: readonly Tag[];

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4 });
  published = await readFlvTags(clip);
  unknown = published.filter((tag) => !isConfig(tag));
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeFor(
  folder: TempDirectory,
  format: string,
  env: Record<string, string> = {},
): Promise<RecorderPlace> {
  const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
  const s3Key = place.s3Key.replace('.mp4', `.${format}`);
  return { ...place, s3Key, env: { ...place.env, RECORDING_FORMAT: format, S3_KEY: s3Key } };
}

async function send(tags: readonly Tag[], url: string): Promise<void> {
  await using publisher = await startRtmpPublisher({ url });
  await publisher.send(tags);
  await publisher.end();
}

/** Audio and video payloads of a file that nothing can decode, as FLV has them. */
async function payloadsIn(file: string): Promise<string[]> {
  return (await readFlvTags(file)).map(({ track, payload }) => `${track} ${payload.toString('hex')}`);
}

async function openUploads(): Promise<unknown[]> {
  const client = s3.client();
  try {
    return (await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads ?? [];
  } finally {
    client.destroy();
  }
}

describe('a take of which no file can be made', () => {
  it.each(['mp4', 'm3u8'])('is stored as it was received, and the result says so: %s', async (format) => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, format);
    await using recorder = await startRecorder(place);
    await send(unknown, recorder.url);
    expect(await recorder.stop()).toBe(0);

    const key = place.s3Key.replace(`.${format}`, '.flv');
    expect(await readResult(place)).toMatchObject({
      ...{ outcome: 'completed', reason: 'Stopped', key, format: 'flv' },
      ...{ complete: false, incompleteReason: 'NotMuxed', incompleteMessage: expect.stringContaining('1') },
    });
    const stored = join(s3.directory, BUCKET, key);
    const sent = unknown.map(({ track, payload }) => `${track} ${payload.toString('hex')}`);
    expect(await payloadsIn(stored)).toEqual(sent);
    const client = s3.client();
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }));
    client.destroy();
    expect(head.ContentType).toBe('video/x-flv');
    expect(head.Metadata).toMatchObject({ 'recording-id': place.recordingId, take: '1' });
    expect(existsSync(join(s3.directory, BUCKET, place.s3Key))).toBe(false);
    expect(await openUploads()).toEqual([]);
    expect((await readdir(place.spool)).filter((name) => !name.endsWith('.json'))).toEqual([]);
  });

  it('is stored beside the files of the others', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'mp4');
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    // Sound of another codec is another take.
    const sound = Array.from({ length: 50 }, (_, index): Tag => ({
      track: 'audio',
      timestampMs: index * 20,
      payload: Buffer.concat([Buffer.from([0x91]), Buffer.from('Opus'), Buffer.from([0xf8, index, 1, 2])]),
    }));
    await send(sound, recorder.url);
    expect(await recorder.stop()).toBe(0);

    const takeKey = place.s3Key.replace('.mp4', '-take2.flv');
    expect(await readResult(place)).toMatchObject({
      ...{ key: place.s3Key, format: 'mp4', files: [{ key: place.s3Key }, { key: takeKey }] },
      ...{ complete: false, incompleteReason: 'NotMuxed', incompleteMessage: expect.stringContaining('2') },
    });
    const file = join(s3.directory, BUCKET, place.s3Key);
    expect(comparePackets(await packetHashes(clip), await packetHashes(file))).toMatchObject({ ok: true });
    const stored = await payloadsIn(join(s3.directory, BUCKET, takeKey));
    expect(stored).toEqual(sound.map(({ track, payload }) => `${track} ${payload.toString('hex')}`));
  });

  it('is stored when the encoder fails for good', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'webm', { FFMPEG_PATH: '/bin/false' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const key = place.s3Key.replace('.webm', '.flv');
    expect(await readResult(place)).toMatchObject({ key, format: 'flv', incompleteReason: 'NotMuxed' });
    const stored = join(s3.directory, BUCKET, key);
    expect(comparePackets(await packetHashes(clip), await packetHashes(stored))).toMatchObject({ ok: true });
  });

  it('is stored when the recorder is killed while it is sent', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'mp4', { S3_BUCKET: 'not-there-yet', UPLOAD_GIVE_UP_AFTER: '600' });
    await using first = await startRecorder(place);
    await send(unknown, first.url);
    process.kill(first.child.pid, 'SIGTERM');
    await waitFor(async () => /NoSuchBucket/.test((await first.status()).message ?? ''), {
      what: 'the upload to be tried',
    });
    await first.kill();
    await s3.createBucket('not-there-yet');
    const second = await spawnRecorder(place.env);
    expect(await second.exited).toBe(0);
    const key = place.s3Key.replace('.mp4', '.flv');
    expect(await readResult(place)).toMatchObject({ key, incompleteReason: 'NotMuxed' });
    const stored = await readFile(join(s3.directory, 'not-there-yet', key));
    expect(stored.length).toBeGreaterThan(10_000);
    // Whoever is started once more says the same.
    const third = await spawnRecorder(place.env);
    expect(await third.exited).toBe(0);
    expect(await readResult(place)).toMatchObject({ key, incompleteReason: 'NotMuxed' });
  });
});
