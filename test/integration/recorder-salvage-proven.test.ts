import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { manifestSchema } from '../../recorder-image/contract/manifest.ts';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import { listedIn } from '../../recorder-image/verify/verify-playlist.ts';
import { startChild } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { brokenWebm, wholeClusters, wholeFragments } from '../support/media/broken-media.ts';
import { makeClip } from '../support/media/clip.ts';
import { LostRecordings, salvage } from '../support/media/lost-recording.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { readResult, recorderPlace } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const MIB = 1024 * 1024;
const VERIFY = join(import.meta.dirname, '../../recorder-image/bin/verify.ts');
const resources = new AsyncDisposableStack();
let s3: S3Server;
let lost: LostRecordings;
/** Some 20 MB: two full parts and a piece. */
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  lost = new LostRecordings(s3, BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 14, bitrateKbps: 12_000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

interface Recording extends RecorderPlace {
  readonly uid: string;
}

/** A recording in a folder of its own. */
async function recordingIn(folder: string, format: string, attempt = 1): Promise<Recording> {
  const place = await recorderPlace({ folder, s3, bucket: BUCKET });
  const uid = randomUUID();
  const name = attempt === 1 ? 'recording' : `recording-attempt${attempt}`;
  const s3Key = `${folderOf(place.recordingId, uid)}${name}.${format}`;
  const own = { RECORDING_FORMAT: format, RECORDING_UID: uid, S3_KEY: s3Key };
  return {
    ...{ ...place, uid, s3Key },
    env: { ...place.env, ...own, RECORDING_ATTEMPT: String(attempt), MEETING_ID: 'standup' },
  };
}

function folderOf(name: string, uid: string): string {
  return `recordings/standup/${name}-${uid.replaceAll('-', '').slice(0, 12)}/`;
}

/** What the recorder says of what it uploads. */
function metadataOf({ recordingId, uid }: Recording): Record<string, string> {
  const startedAt = new Date(Date.now() - 60_000).toISOString();
  return { 'recording-id': recordingId, 'recording-uid': uid, 'started-at': startedAt, take: '1' };
}

/** What another recording of that name has: a file, a manifest, and an upload that goes on. */
async function leaveAnother({ recordingId, s3Key }: Recording): Promise<string> {
  const uid = randomUUID();
  const folder = folderOf(recordingId, uid);
  const metadata = { 'recording-id': recordingId, 'recording-uid': uid };
  const file = s3Key.split('/').at(-1) ?? '';
  await put(`${folder}${file}`, 'of another recording', metadata);
  await put(`${folder}manifest.json`, 'its manifest', metadata);
  await lost.leaveUpload(`${folder}${file}`, Buffer.from('its next file'), metadata);
  return folder;
}

async function put(Key: string, Body: string, Metadata: Record<string, string>): Promise<void> {
  const client = s3.client();
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata }));
  client.destroy();
}

/** All objects in a folder with what they hold and when they were written, and how many uploads are open. */
async function everythingIn(folder: string): Promise<unknown> {
  const client = s3.client();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: folder }));
  const objects = Contents.map(async ({ Key, LastModified }) => {
    const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return { Key, LastModified, Metadata, text: await Body?.transformToString() };
  });
  const found = await Promise.all(objects);
  client.destroy();
  return { found, open: await lost.openUploads({ s3Key: folder }) };
}

async function manifestOf(place: Recording): Promise<{ bytes: string; manifest: Manifest }> {
  const bytes = await readFile(join(dirname(lost.objectOf(place)), 'manifest.json'), 'utf8');
  return { bytes, manifest: manifestSchema.parse(JSON.parse(bytes)) };
}

/** What `npm run verify` says of the folder of a recording. */
async function verified(place: Recording): Promise<{ code: number | string; output: string }> {
  const path = dirname(lost.objectOf(place));
  await using child = await startChild({ name: 'verify', command: process.execPath, args: [VERIFY, path] });
  const code = await child.exited;
  return { code, output: child.output() };
}

/** Saves it with all that is to be seen in the end, and once more. `finished`: a file of all packets of the finished parts. */
async function expectSaved(place: Recording, finished: string): Promise<void> {
  const before = new Date().toISOString();
  expect(await salvage(place)).toBe(0);
  await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
  const whole = await packetHashes(finished);
  expect(Math.min(whole.video.length, whole.audio.length)).toBeGreaterThan(30);
  const all = { missing: 0 };
  const compared = comparePackets(whole, await packetHashes(lost.objectOf(place)));
  expect(compared).toMatchObject({ video: all, audio: all });

  const { bytes, manifest } = await manifestOf(place);
  expect(manifest).toMatchObject({
    recording: { id: place.recordingId, uid: place.uid },
    complete: false,
    incompleteReason: 'MediaLost',
    files: [{ key: place.s3Key }],
    gaps: [{ from: manifest.stoppedAt, reason: 'RecorderLost' }],
  });
  expect(manifest.files[0]?.differences).toBeUndefined();
  expect((manifest.gaps[0]?.to ?? '') >= before).toBe(true);
  expect(manifest.durationSeconds).toBeGreaterThan(5);
  const fine = { code: 0, output: expect.stringContaining('FINE') };
  expect(await verified(place)).toEqual(fine);

  const result = await readResult(place);
  expect(result).toMatchObject({
    reason: 'Salvaged',
    durationSeconds: expect.closeTo(manifest.durationSeconds),
  });
  expect(await salvage(place)).toBe(0);
  expect(await readResult(place)).toEqual(result);
  expect((await manifestOf(place)).bytes).toBe(bytes);
  expect(await verified(place)).toEqual(fine);
}

/** Loses a recording, and returns a file of all packets in what was finished of it by then. */
const LOSE = {
  mp4: async (place: Recording, folder: string): Promise<string> => {
    await lost.lose(place, 2 * 8 * MIB, { clips: [clip], realTime: true });
    // Without an index it is, byte for byte, what was uploaded; and fine as far as it goes.
    expect(await salvage(place, { SALVAGE_REINDEX_MAX_MB: '1' })).toBe(0);
    expect(await verified(place)).toMatchObject({ code: 0 });
    const { manifest } = await manifestOf(place);
    expect(manifest).toMatchObject({ complete: false, gaps: [{ reason: 'RecorderLost' }] });
    expect(manifest.durationSeconds).toBeGreaterThan(5);
    const finished = join(folder, 'finished.mp4');
    await writeFile(finished, wholeFragments(await readFile(lost.objectOf(place))));
    return finished;
  },
  webm: async (place: Recording, folder: string): Promise<string> => {
    const { bytes } = await brokenWebm(clip, folder);
    await lost.leaveUpload(place.s3Key, bytes, metadataOf(place));
    const finished = join(folder, 'finished.webm');
    await writeFile(finished, wholeClusters(bytes));
    return finished;
  },
  m3u8: async (place: Recording, folder: string): Promise<string> => {
    const playlist = async (): Promise<string> => await readFile(lost.objectOf(place), 'utf8');
    await lost.lose(place, async () => (await playlist()).split('#EXTINF').length === 3, {
      clips: [clip],
      realTime: true,
    });
    // A segment that the playlist does not list yet: the recorder was lost in between.
    const segments = listedIn(await playlist()).names.map((name) => join(dirname(place.s3Key), name));
    await put(join(dirname(segments[0] ?? ''), '1-00002.m4s'), 'not listed', metadataOf(place));
    const bytes = await Promise.all(segments.map((s3Key) => readFile(lost.objectOf({ s3Key }))));
    const finished = join(folder, 'finished.mp4');
    await writeFile(finished, Buffer.concat(bytes));
    return finished;
  },
} as const;

describe('a recording whose recorder was lost with its node', () => {
  it.each(['mp4', 'webm', 'm3u8'] as const)(
    'is saved with all that was finished of it, and proven, and another one of its name is left alone: %s',
    async (format) => {
      await using folder = await tempDirectory('salvage');
      const place = await recordingIn(folder.path, format);
      const another = await leaveAnother(place);
      const anothers = await everythingIn(another);
      await expectSaved(place, await LOSE[format](place, folder.path));
      expect(await everythingIn(another)).toEqual(anothers);
      expect(await lost.openUploads(place)).toBe(0);
    },
  );

  it('is told of by the same manifest each time also where it is not the first attempt', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await recordingIn(folder.path, 'webm', 2);
    await expectSaved(place, await LOSE.webm(place, folder.path));
  });

  it('never takes the place of another one that has its key: it gives up in its time', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await recordingIn(folder.path, 'webm');
    const metadata = { 'recording-id': place.recordingId, 'recording-uid': randomUUID() };
    await put(place.s3Key, 'of another recording', metadata);
    const { bytes } = await brokenWebm(clip, folder.path);
    await lost.leaveUpload(place.s3Key, bytes, metadataOf(place));
    const before = await everythingIn(dirname(place.s3Key));
    expect(await salvage(place, { UPLOAD_GIVE_UP_AFTER: '1' })).toBe(11);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', error: { code: 'KeyTaken' } });
    expect(await everythingIn(dirname(place.s3Key))).toEqual(before);
  });
});
