import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestSchema } from '../../recorder-image/contract/manifest.ts';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import { manifestKey } from '../../recorder-image/contract/object-keys.ts';
import { openFolderSource } from '../../recorder-image/verify/folder-source.ts';
import { verifyRecording } from '../../recorder-image/verify/verify-recording.ts';
import { makeClip } from '../support/media/clip.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';

const BUCKET = 'recordings';
const forever = new AbortController().signal;
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4, bFrames: 2 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: TempDirectory, env: Record<string, string> = {}): Promise<RecorderPlace> {
  return await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
}

function pathOf(key: string): string {
  return join(s3.directory, BUCKET, key);
}

async function manifestOf(place: RecorderPlace): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(pathOf(manifestKey(place.s3Key)), 'utf8')));
}

async function verify(place: RecorderPlace): ReturnType<typeof verifyRecording> {
  const source = await openFolderSource(pathOf(manifestKey(place.s3Key)));
  return await verifyRecording({ source, keys: [], requireSignature: false }, forever);
}

describe('a manifest', () => {
  it.each(['mp4', 'm3u8', 'webm'])('tells what is in the %s', async (format) => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { RECORDING_FORMAT: format, MEETING_ID: 'standup' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    console.log(recorder.child.output().split('\n').filter((l) => /"level":(40|50)/.test(l)));
    console.log(JSON.stringify(await manifestOf(place), undefined, 1));
    console.log(await readResult(place), dirname(place.s3Key));
    console.log(await verify(place));
  });
});
