import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath, ffmpegPath } from '../support/ffmpeg.ts';
import { startChild } from '../support/child-process.ts';
import type { Child } from '../support/child-process.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import type { PacketHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3Proxy } from '../support/proxy/s3-proxy.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const MIB = 1024 * 1024;
const SALVAGE = join(import.meta.dirname, '../../recorder-image/bin/salvage.ts');
const resources = new AsyncDisposableStack();
let s3: S3Server;
/** Some 29 MB: three full parts and a piece. */
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 14, bitrateKbps: 16_000 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeFor(folder: TempDirectory, format: string): Promise<RecorderPlace> {
  const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
  const s3Key = place.s3Key.replace('.mp4', `.${format}`);
  const small = { RECORDING_RESOLUTION: '160x90', RECORDING_FPS: '10' };
  return { ...place, s3Key, env: { ...place.env, ...small, RECORDING_FORMAT: format, S3_KEY: s3Key } };
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

async function startSalvage(place: RecorderPlace, env: Record<string, string> = {}): Promise<Child> {
  const all = { ...place.env, ...env };
  return await startChild({ name: 'salvage', command: process.execPath, args: [SALVAGE], env: all });
}

async function salvage(place: RecorderPlace, env: Record<string, string> = {}): Promise<number | string> {
  await using child = await startSalvage(place, env);
  return await child.exited;
}

async function openUploads(place: RecorderPlace): Promise<number> {
  const client = s3.client();
  const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: place.s3Key }));
  client.destroy();
  return (answer.Uploads ?? []).length;
}

/** As a node that is lost in the middle of a recording: nothing is left but what is in S3. */
async function lose(
  place: RecorderPlace,
  uploaded: number | (() => Promise<boolean>),
  clips = [clip],
): Promise<void> {
  await using recorder = await startRecorder(place);
  for (const file of clips) await publish({ file, url: recorder.url });
  const isThere =
    typeof uploaded === 'number' ? async () => (await recorder.status()).bytesUploaded >= uploaded : uploaded;
  await waitFor(isThere, { what: 'parts in S3', timeoutMs: 120_000 });
  const first = { what: 'the first take in S3', timeoutMs: 120_000 };
  if (clips.length > 1) await waitFor(() => existsSync(objectOf(place)), first);
  await recorder.kill();
  await rm(place.spool, { recursive: true, maxRetries: 5, retryDelay: 100 });
}

function expectPrefix(recorded: PacketHashes, published: PacketHashes, least: number): void {
  const { video, audio } = comparePackets(published, recorded);
  for (const track of [video, audio]) {
    expect(track.extra).toBe(0);
    expect(track.firstMissing).toBe(track.recorded);
    expect(track.recorded).toBeGreaterThan(track.published * least);
  }
}

describe('an MP4 whose recorder was lost with its node', () => {
  it('plays, can be sought in and begins as what was published, and is the same when it is salvaged again', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await lose(place, 3 * 8 * MIB);
    expect(existsSync(objectOf(place))).toBe(false);
    expect(await openUploads(place)).toBe(1);

    expect(await salvage(place)).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(objectOf(place)), await packetHashes(clip), 0.8);
    expect((await readFile(objectOf(place))).subarray(0, 64).includes('moov')).toBe(true);
    expect(await openUploads(place)).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({
      outcome: 'completed',
      reason: 'Salvaged',
      key: place.s3Key,
      sizeBytes: (await stat(objectOf(place))).size,
      startedAt: expect.any(String),
    });
    expect(result.durationSeconds).toBeGreaterThan(11);
    expect(result.durationSeconds).toBeLessThan(14.1);

    const { mtimeMs } = await stat(objectOf(place));
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
    expect((await stat(objectOf(place))).mtimeMs).toBe(mtimeMs);
    // What was made on the way is gone.
    expect(existsSync(place.spool)).toBe(false);
  });

  it('is left as it is where it is too large to be worth an index', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await lose(place, 2 * 8 * MIB);
    expect(await salvage(place, { SALVAGE_REINDEX_MAX_MB: '1' })).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged' });
    expect((await stat(objectOf(place))).size % (8 * MIB)).toBe(0);
    // With its index after all.
    expect(await salvage(place)).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
  });

  it('is not touched when its recorder had finished it', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const { mtimeMs } = await stat(objectOf(place));
    const finished = await readResult(place);
    expect(await salvage(place)).toBe(0);
    expect((await stat(objectOf(place))).mtimeMs).toBe(mtimeMs);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', key: place.s3Key });
    expect(result).toMatchObject({ checksum: expect.stringMatching(/^CRC32:/) });
    expect(finished).toMatchObject({ outcome: 'completed' });
  });

  it('that had sent nothing of use leaves nothing behind: exit code 10', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await using recorder = await startRecorder(place);
    const short = await makeClip(join(folder.path, 'short.flv'), { seconds: 4, bitrateKbps: 1000 });
    await publish({ file: short, url: recorder.url });
    await waitFor(async () => (await openUploads(place)) === 1, { what: 'the upload to be begun' });
    await recorder.kill();
    expect(await salvage(place)).toBe(10);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'NothingReceived' });
    expect(await openUploads(place)).toBe(0);
    expect(existsSync(objectOf(place))).toBe(false);
  });
});

describe('a salvage', () => {
  it('that is killed between any two requests is gone on with by the next one', async () => {
    await using folder = await tempDirectory('salvage');
    await using proxy = await startS3Proxy(s3);
    const place = await placeFor(folder, 'mp4');
    await lose(place, 3 * 8 * MIB);
    const killAt = async (request: number): Promise<number | string> => {
      let requests = 0;
      await using child = await startSalvage(place, { S3_ENDPOINT: proxy.endpoint });
      proxy.onRequest(() => {
        requests += 1;
        if (requests === request) process.kill(child.pid, 'SIGKILL');
      });
      return await child.exited;
    };
    let code: number | string = 'SIGKILL';
    for (let request = 1; code === 'SIGKILL'; request += 1) code = await killAt(request);
    expect(code).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(objectOf(place)), await packetHashes(clip), 0.8);
    expect(await openUploads(place)).toBe(0);
    expect((await readFile(objectOf(place))).subarray(0, 64).includes('moov')).toBe(true);
  });

  it('saves each of several takes, and says so', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    const small = { seconds: 8, size: '256x144', bitrateKbps: 16_000 };
    const other = await makeClip(join(folder.path, 'other.flv'), small);
    await lose(place, 4 * 8 * MIB, [clip, other]);
    expect(await salvage(place)).toBe(0);
    const second = objectOf(place).replace('.mp4', '-take2.mp4');
    expect(comparePackets(await packetHashes(clip), await packetHashes(objectOf(place))).ok).toBe(true);
    expectPrefix(await packetHashes(second), await packetHashes(other), 0.3);
    for (const file of [objectOf(place), second]) await expectPlayable(file, await debianFfmpegPath());
    const result = await readResult(place);
    const key = place.s3Key.replace('.mp4', '-take2.mp4');
    const files = [{ key: place.s3Key }, { key, sizeBytes: (await stat(second)).size }];
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged', files });
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
  });
});

describe('other formats', () => {
  it('ends the playlist of an m3u8, which then has whole segments only', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'm3u8');
    // Both whole segments of 6 s; the third stays open as long as its publisher may come back.
    const segments = async () => (await readFile(objectOf(place), 'utf8')).split('#EXTINF').length - 1;
    await lose(place, async () => (await segments()) === 2);
    expect(await salvage(place)).toBe(0);
    expect(await readFile(objectOf(place), 'utf8')).toMatch(/#EXT-X-ENDLIST\n$/);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(objectOf(place)), await packetHashes(clip), 0.5);
    const result = await readResult(place);
    // From the first sound, which comes before the first picture.
    const durationSeconds = expect.closeTo(12, 1);
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged', durationSeconds });
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
  });

  it('makes a WebM that plays of one that breaks off', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'webm');
    const { bytes, published } = await brokenWebm(folder.path);
    const client = s3.client();
    const object = { Bucket: BUCKET, Key: place.s3Key };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: bytes }));
    client.destroy();

    expect(await salvage(place)).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(objectOf(place)), await packetHashes(published), 0.5);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged', format: 'webm' });
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
  });

  it('names what is wrong with its environment: exit code 13', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    expect(await salvage(place, { S3_BUCKET: '' })).toBe(13);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'BadConfiguration' });
  });
});

/** As the recorder's FFmpeg has written it so far: its segment has no size yet, and its end is missing. */
async function brokenWebm(directory: string): Promise<{ bytes: Buffer; published: string }> {
  const published = join(directory, 'published.webm');
  const encode = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-vf', 'scale=160:90', '-c:a', 'libopus'];
  await run(await ffmpegPath(), ['-v', 'error', '-i', clip, ...encode, published]);
  const whole = await readFile(published);
  const segment = whole.indexOf(Buffer.from('18538067', 'hex'));
  whole.set(Buffer.from('01ffffffffffffff', 'hex'), segment + 4);
  return { bytes: whole.subarray(0, Math.floor(whole.length * 0.8)), published };
}
