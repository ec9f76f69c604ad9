import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import {
  readResult,
  recorderPlace,
  spawnRecorder,
  startRecorder,
} from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: TempDirectory, env: Record<string, string> = {}): Promise<RecorderPlace> {
  return await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

describe('a recorder that is started again', () => {
  it('goes on in the same file when it was killed in the middle of a recording', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    await first.reach('reconnecting');
    await using publisher = await startPublishing({ file: clip, url: first.url, realTime: true, loop: true });
    await first.reach('recording');
    await first.kill();
    await publisher.stop();

    await using second = await startRecorder(place);
    await second.reach('reconnecting');
    const inJournal = await packetHashes(join(place.spool, 'take-1.flv'));
    await publish({ file: clip, url: second.url });
    expect(await second.stop()).toBe(0);

    const again = await packetHashes(clip);
    const expected = {
      video: [...inJournal.video, ...again.video],
      audio: [...inJournal.audio, ...again.audio],
    };
    expect(inJournal.video.length).toBeGreaterThanOrEqual(60);
    expect(comparePackets(expected, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', startedAt: expect.any(String) });
  });

  it('finishes the file when it was killed after the stop, without taking a publisher', async () => {
    await using folder = await tempDirectory('recorder');
    // The upload waits for a bucket that is not there, so that there is time to kill it.
    const place = await placeIn(folder, { S3_BUCKET: 'not-there-yet', UPLOAD_GIVE_UP_AFTER: '600' });
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    process.kill(first.child.pid, 'SIGTERM');
    await first.reach('uploading');
    await waitFor(async () => /NoSuchBucket.*not-there-yet/.test((await first.status()).message ?? ''), {
      what: 'the recorder to say why it waits',
    });
    // A second one changes nothing.
    process.kill(first.child.pid, 'SIGTERM');
    expect((await first.status()).state).toBe('uploading');
    await first.kill();

    await s3.createBucket('not-there-yet');
    const second = await spawnRecorder(place.env);
    expect(await second.exited).toBe(0);
    const object = join(s3.directory, 'not-there-yet', place.s3Key);
    expect(comparePackets(await packetHashes(clip), await packetHashes(object))).toMatchObject({ ok: true });
  });

  it('says the same again when everything was done', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    expect(await first.stop()).toBe(0);
    const result = await readResult(place);
    const second = await spawnRecorder(place.env);
    expect(await second.exited).toBe(0);
    expect(await readResult(place)).toEqual(result);
  });
});

describe('a bucket that is not there', () => {
  it('is named in the result, and the recording stays in the spool: exit code 11', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { S3_BUCKET: 'missing', UPLOAD_GIVE_UP_AFTER: '1' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(11);
    expect(await readResult(place)).toMatchObject({
      outcome: 'failed',
      reason: 'UploadFailed',
      error: {
        code: 'NoSuchBucket',
        message: expect.stringMatching(/"missing".*create it.*kept in the spool/),
      },
    });
    const kept = await packetHashes(join(place.spool, 'take-1.mp4'));
    expect(comparePackets(await packetHashes(clip), kept)).toMatchObject({ ok: true });
    expect((await stat(join(place.spool, 'take-1.flv'))).size).toBeGreaterThan(0);
  });
});
