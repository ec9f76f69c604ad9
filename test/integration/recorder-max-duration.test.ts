import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/media/clip.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const BUCKET = 'recordings';

describe('a maximum duration that is changed while recording', () => {
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

  const place = async (seconds: { environment: string; file: string }) => {
    const folder = resources.use(await tempDirectory('recorder'));
    const file = join(folder.path, 'max-duration-seconds');
    await writeFile(file, seconds.file);
    const env = { RECORDING_MAX_DURATION: seconds.environment, RECORDING_MAX_DURATION_FILE: file };
    return { file, made: await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env }) };
  };
  const lengthOf = async (made: RecorderPlace) => (await readResult(made)).durationSeconds;

  it('is honoured when it was raised', async () => {
    const { made } = await place({ environment: '1', file: '3600\n' });
    await using recorder = await startRecorder(made);
    await publish({ file: clip, url: recorder.url });
    expect((await recorder.status()).maxDurationSeconds).toBe(3600);
    expect(await recorder.stop()).toBe(0);
    expect(await readResult(made)).toMatchObject({ outcome: 'completed', reason: 'Stopped' });
    expect(await lengthOf(made)).toBeGreaterThan(3.5);
  });

  it('is honoured when it is lowered in the middle of it', async () => {
    const { made, file } = await place({ environment: '3600', file: '3600' });
    await using recorder = await startRecorder(made);
    await using publisher = await startPublishing({
      file: clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    await recorder.reach('recording');
    await writeFile(file, '1');
    expect(await recorder.child.exited).toBe(0);
    await waitFor(async () => (await readResult(made)).reason === 'MaxDurationReached', {
      what: 'the result',
    });
    await publisher.stop();
  });
});
