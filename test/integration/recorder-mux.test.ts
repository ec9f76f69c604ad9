import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import type { ClipOptions } from '../support/media/clip.ts';
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

const BUCKET = 'recordings';
const MIB = 1024 * 1024;
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: TempDirectory): Promise<RecorderPlace> {
  return await recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

async function bytesUploaded(place: RecorderPlace): Promise<number> {
  const state = JSON.parse(await readFile(join(place.spool, 'take-1.upload.json'), 'utf8')) as {
    parts: { size: number }[];
  };
  return state.parts.reduce((sum, { size }) => sum + size, 0);
}

describe('the file that is made', () => {
  it.each<{ what: string; options: ClipOptions }>([
    { what: 'audio only', options: { seconds: 3, tracks: 'audio' } },
    { what: 'video only', options: { seconds: 3, tracks: 'video' } },
    { what: 'B-frames', options: { seconds: 3, bFrames: 2 } },
  ])('has every packet and plays: $what', async ({ what, options }) => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const clip = await makeClip(join(clips.path, `${what}.flv`), options);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const comparison = comparePackets(await packetHashes(clip), await packetHashes(objectOf(place)));
    expect(comparison).toMatchObject({ ok: true });
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expect(await readResult(place)).toMatchObject({ durationSeconds: expect.closeTo(3, 0) });
  });
});

describe('a file of many parts', () => {
  it('is uploaded while it is recorded, and is whole when the recorder is killed in between', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const clip = await makeClip(join(clips.path, 'large.flv'), { seconds: 12, bitrateKbps: 16_000 });
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    await waitFor(async () => (await bytesUploaded(place)) >= 16 * MIB, { what: 'two parts in S3' });
    expect((await first.status()).bytesUploaded).toBeGreaterThanOrEqual(16 * MIB);
    await first.kill();

    await using second = await startRecorder(place);
    await publish({ file: clip, url: second.url });
    expect(await second.stop()).toBe(0);

    const { video, audio } = await packetHashes(clip);
    const twice = { video: [...video, ...video], audio: [...audio, ...audio] };
    expect(comparePackets(twice, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    // The second part of the first recorder was not sent again: the store was told of each part once, but the first.
    const sent = second.child.output().match(/"part":2,.*"again":true/);
    expect(sent).not.toBeNull();
  });
});
