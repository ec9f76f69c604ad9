import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { brokenWebm, fragmentedMp4, wholeFragments } from '../support/media/broken-media.ts';
import { makeClip } from '../support/media/clip.ts';
import { LostRecordings, salvage, startSalvage } from '../support/media/lost-recording.ts';
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
const resources = new AsyncDisposableStack();
let s3: S3Server;
/** Some 29 MB: three full parts and a piece. */
let clip: string;
let lost: LostRecordings;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  lost = new LostRecordings(s3, BUCKET);
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
    await lost.lose(place, 3 * 8 * MIB, { clips: [clip] });
    expect(existsSync(lost.objectOf(place))).toBe(false);
    expect(await lost.openUploads(place)).toBe(1);

    expect(await salvage(place)).toBe(0);
    await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(lost.objectOf(place)), await packetHashes(clip), 0.8);
    expect((await readFile(lost.objectOf(place))).subarray(0, 64).includes('moov')).toBe(true);
    expect(await lost.openUploads(place)).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({
      outcome: 'completed',
      reason: 'Salvaged',
      key: place.s3Key,
      sizeBytes: (await stat(lost.objectOf(place))).size,
      startedAt: expect.any(String),
    });
    expect(result.durationSeconds).toBeGreaterThan(11);
    expect(result.durationSeconds).toBeLessThan(14.1);

    const { mtimeMs } = await stat(lost.objectOf(place));
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
    expect((await stat(lost.objectOf(place))).mtimeMs).toBe(mtimeMs);
    // What was made on the way is gone.
    expect(existsSync(place.spool)).toBe(false);
  });

  it('is left as it is where it is too large to be worth an index', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await lost.lose(place, 2 * 8 * MIB, { clips: [clip] });
    expect(await salvage(place, { SALVAGE_REINDEX_MAX_MB: '1' })).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged' });
    expect((await stat(lost.objectOf(place))).size % (8 * MIB)).toBe(0);
    // With its index after all.
    expect(await salvage(place)).toBe(0);
    await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
  });

  it('is not touched when its recorder had finished it', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const { mtimeMs } = await stat(lost.objectOf(place));
    const finished = await readResult(place);
    expect(await salvage(place)).toBe(0);
    expect((await stat(lost.objectOf(place))).mtimeMs).toBe(mtimeMs);
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
    await waitFor(async () => (await lost.openUploads(place)) === 1, { what: 'the upload to be begun' });
    await recorder.kill();
    expect(await salvage(place)).toBe(10);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'NothingReceived' });
    expect(await lost.openUploads(place)).toBe(0);
    expect(existsSync(lost.objectOf(place))).toBe(false);
  });
});

describe('a salvage', () => {
  it('that is killed between any two requests is gone on with by the next one', async () => {
    await using folder = await tempDirectory('salvage');
    await using proxy = await startS3Proxy(s3);
    const place = await placeFor(folder, 'mp4');
    // Two parts, the second one of which breaks off: each of many salvages reads and sends all of it.
    const bytes = (await fragmentedMp4(clip, folder.path)).subarray(0, 6 * MIB);
    await lost.leaveUpload(place.s3Key, bytes, { 'recording-id': place.recordingId });
    // At each one that changes what is stored: a kill at any other one leaves the same as one at the one before it.
    const killAt = async (change: number): Promise<number | string> => {
      let changes = 0;
      await using child = await startSalvage(place, { S3_ENDPOINT: proxy.endpoint });
      proxy.onRequest((_, { method }) => {
        if (method === 'GET' || method === 'HEAD') return;
        changes += 1;
        if (changes === change) process.kill(child.pid, 'SIGKILL');
      });
      return await child.exited;
    };
    let code = await killAt(1);
    let kills = 0;
    for (; code === 'SIGKILL'; kills += 1) code = await killAt(kills + 2);
    expect(kills).toBeGreaterThan(5);
    expect(code).toBe(0);
    await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
    const whole = join(folder.path, 'whole.mp4');
    await writeFile(whole, wholeFragments(bytes));
    const saved = await packetHashes(lost.objectOf(place));
    expect(comparePackets(await packetHashes(whole), saved)).toMatchObject({
      video: { missing: 0 },
      audio: { missing: 0 },
    });
    expectPrefix(saved, await packetHashes(clip), 0.1);
    expect(await lost.openUploads(place)).toBe(0);
    expect((await readFile(lost.objectOf(place))).subarray(0, 64).includes('moov')).toBe(true);
  });

  it('saves each of several takes, and says so', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'mp4');
    const small = { seconds: 8, size: '256x144', bitrateKbps: 16_000 };
    const other = await makeClip(join(folder.path, 'other.flv'), small);
    await lost.lose(place, 4 * 8 * MIB, { clips: [clip, other] });
    expect(await salvage(place)).toBe(0);
    const second = lost.objectOf(place).replace('.mp4', '-take2.mp4');
    expect(comparePackets(await packetHashes(clip), await packetHashes(lost.objectOf(place))).ok).toBe(true);
    expectPrefix(await packetHashes(second), await packetHashes(other), 0.3);
    for (const file of [lost.objectOf(place), second]) await expectPlayable(file, await debianFfmpegPath());
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
    const segments = async () => (await readFile(lost.objectOf(place), 'utf8')).split('#EXTINF').length - 1;
    await lost.lose(place, async () => (await segments()) === 2, { clips: [clip] });
    expect(await salvage(place)).toBe(0);
    expect(await readFile(lost.objectOf(place), 'utf8')).toMatch(/#EXT-X-ENDLIST\n$/);
    await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(lost.objectOf(place)), await packetHashes(clip), 0.5);
    const result = await readResult(place);
    // The sound of the clip begins 21 ms before its picture, with which the third segment would begin.
    expect(result).toMatchObject({ outcome: 'completed', reason: 'Salvaged', durationSeconds: 12.021 });
    expect(await salvage(place)).toBe(0);
    expect(await readResult(place)).toEqual(result);
  });

  it('makes a WebM that plays of one that breaks off', async () => {
    await using folder = await tempDirectory('salvage');
    const place = await placeFor(folder, 'webm');
    const { bytes, published } = await brokenWebm(clip, folder.path);
    await lost.leaveUpload(place.s3Key, bytes);

    expect(await salvage(place)).toBe(0);
    await expectPlayable(lost.objectOf(place), await debianFfmpegPath());
    expectPrefix(await packetHashes(lost.objectOf(place)), await packetHashes(published), 0.5);
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
