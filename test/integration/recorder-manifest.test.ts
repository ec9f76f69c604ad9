import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestSchema } from '../../recorder-image/contract/manifest.ts';
import type { Manifest } from '../../recorder-image/contract/manifest.ts';
import { manifestKey } from '../../recorder-image/contract/object-keys.ts';
import type { SigningKey } from '../../recorder-image/contract/signing-keys.ts';
import { crc32Base64 } from '../../recorder-image/upload/read-part.ts';
import { openFolderSource } from '../../recorder-image/verify/folder-source.ts';
import type { Report } from '../../recorder-image/verify/report.ts';
import { verifyRecording } from '../../recorder-image/verify/verify-recording.ts';
import { makeClip } from '../support/media/clip.ts';
import { packetHashes } from '../support/media/packets.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3Proxy } from '../support/proxy/s3-proxy.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

const UID = '01234567-89ab-cdef-0123-456789abcdef';
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

async function verify(place: RecorderPlace, keys: readonly SigningKey[] = []): Promise<Report> {
  const source = await openFolderSource(pathOf(manifestKey(place.s3Key)));
  return await verifyRecording({ source, keys, requireSignature: false }, forever);
}

describe('a manifest', () => {
  it.each(['mp4', 'm3u8', 'webm'] as const)('tells what is in the %s, which verifies', async (format) => {
    await using folder = await tempDirectory('recorder');
    const identity = {
      MEETING_ID: 'standup',
      REQUESTED_BY: 'user-1',
      RECORDING_UID: UID,
      NODE_NAME: 'node-1',
    };
    const place = await placeIn(folder, { RECORDING_FORMAT: format, ...identity });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);

    const result = await readResult(place);
    const manifest = await manifestOf(place);
    expect(manifest).toMatchObject({
      recording: { id: place.recordingId, uid: UID, meetingId: 'standup', requestedBy: 'user-1' },
      startedAt: result.startedAt,
      stoppedAt: result.stoppedAt,
      durationSeconds: result.durationSeconds,
      attempts: [{ attempt: 1, node: 'node-1', reason: 'Stopped' }],
      files: [{ key: place.s3Key, format, takes: [1] }],
      ...{ gaps: [], leftOut: [], complete: true, missingSeconds: 0 },
    });
    // As FFmpeg sees it.
    const [audio, video] = manifest.files[0]?.tracks ?? [];
    const { audio: sound, video: pictures } = await packetHashes(pathOf(place.s3Key));
    expect(audio).toMatchObject({ id: 'audio:0', codec: 'aac', packets: sound.length });
    expect(video).toMatchObject({ id: 'video:0', codec: 'avc', packets: pictures.length });
    const key = manifestKey(place.s3Key);
    const checksum = `CRC32:${crc32Base64(await readFile(pathOf(key)))}`;
    expect(result).toMatchObject({ complete: true, missingSeconds: 0, manifest: { key, checksum } });
    expect(await verify(place)).toMatchObject({ ok: true, problems: [] });
  });

  it('tells of each of several takes, those of a playlist by themselves', async () => {
    for (const format of ['mp4', 'm3u8']) {
      await using folder = await tempDirectory('recorder');
      const place = await placeIn(folder, { RECORDING_FORMAT: format });
      const other = await makeClip(join(clips.path, 'other.flv'), { seconds: 2, size: '256x144' });
      await using recorder = await startRecorder(place);
      await publish({ file: clip, url: recorder.url });
      await publish({ file: other, url: recorder.url });
      expect(await recorder.stop()).toBe(0);
      const { files } = await manifestOf(place);
      if (format === 'mp4') expect(files).toMatchObject([{ takes: [1] }, { takes: [2] }]);
      else {
        expect(files).toMatchObject([{ takes: [1, 2] }]);
        expect(files[0]?.tracks.map(({ id, take }) => `${take} ${id}`)).toEqual([
          '1 audio:0',
          '1 video:0',
          '2 audio:0',
          '2 video:0',
        ]);
      }
      expect(await verify(place)).toMatchObject({ ok: true, complete: true });
    }
  });

  it('says that the publisher was away, of which nothing is missing', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    // The clip was pushed in no time: a publisher that is back later than it lasts has been away.
    await sleep(7000);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const { startedAt = '', ...manifest } = await manifestOf(place);
    expect(manifest).toMatchObject({
      complete: true,
      missingSeconds: 0,
      gaps: [{ reason: 'PublisherAway' }],
    });
    const [gap] = manifest.gaps;
    expect(Date.parse(gap?.from ?? '') - Date.parse(startedAt)).toBeLessThan(4500);
    expect(Date.parse(gap?.to ?? '') - Date.parse(startedAt)).toBeGreaterThan(6500);
    expect(await readResult(place)).toMatchObject({ complete: true, gaps: manifest.gaps });
  });

  it('says that a recorder was lost with what it had not written', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    {
      await using recorder = await startRecorder(place);
      await using _publisher = await startPublishing({
        file: clip,
        url: recorder.url,
        realTime: true,
        loop: true,
      });
      await waitFor(async () => (await recorder.status()).durationSeconds > 2, { what: 'some media' });
      await recorder.kill();
    }
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const { gaps, ...manifest } = await manifestOf(place);
    expect(manifest).toMatchObject({ complete: false, incompleteReason: 'MediaLost' });
    const [lost] = gaps;
    expect(lost?.reason).toBe('RecorderLost');
    const seconds = (Date.parse(lost?.to ?? '') - Date.parse(lost?.from ?? '')) / 1000;
    expect(manifest.missingSeconds).toBeCloseTo(seconds, 2);
    expect(manifest.missingSeconds).toBeGreaterThan(0);
    expect(await readResult(place)).toMatchObject({
      ...{ outcome: 'completed', complete: false, incompleteReason: 'MediaLost', gaps },
      incompleteMessage: 'the recorder was lost once while media came in',
    });
    expect(await verify(place)).toMatchObject({ ok: true, complete: false });
  });

  it('loses nothing with a recorder that is killed while no publisher is there', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    {
      await using recorder = await startRecorder(place);
      await publish({ file: clip, url: recorder.url });
      await recorder.reach('reconnecting');
      const state = async (): Promise<unknown> =>
        JSON.parse(await readFile(join(place.spool, 'state.json'), 'utf8'));
      await waitFor(async () => ((await state()) as { live?: boolean }).live === false, {
        what: 'all written',
      });
      await recorder.kill();
    }
    await using recorder = await startRecorder(place);
    expect(await recorder.stop()).toBe(0);
    expect(await manifestOf(place)).toMatchObject({ complete: true, missingSeconds: 0 });
  });

  it('is written by the next recorder when one is killed before it could, whenever that is', async () => {
    await using folder = await tempDirectory('recorder');
    await using proxy = await startS3Proxy(s3);
    const place = await placeIn(folder, { S3_ENDPOINT: proxy.endpoint });
    {
      await using recorder = await startRecorder(place);
      await publish({ file: clip, url: recorder.url });
      proxy.onRequest(() => {
        if (existsSync(pathOf(place.s3Key))) process.kill(recorder.child.pid, 'SIGKILL');
      });
      expect(await recorder.stop()).toBe('SIGKILL');
    }
    proxy.onRequest(() => undefined);
    expect(existsSync(pathOf(manifestKey(place.s3Key)))).toBe(false);
    await using recorder = await startRecorder(place).catch(() => undefined);
    await recorder?.stop();
    await waitFor(() => existsSync(place.resultPath), { what: 'the result' });
    expect(await manifestOf(place)).toMatchObject({ complete: true, files: [{ key: place.s3Key }] });
    expect(await verify(place)).toMatchObject({ ok: true });
  });

  it('is signed with the key of the installation', async () => {
    await using folder = await tempDirectory('recorder');
    const key = { id: 'installation-1', secret: Buffer.from('0123456789abcdef') };
    const env = { MANIFEST_KEY: key.secret.toString('hex'), MANIFEST_KEY_ID: key.id };
    const place = await placeIn(folder, env);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    expect(await verify(place, [key])).toMatchObject({ ok: true, signature: 'valid' });
    expect(await verify(place)).toMatchObject({ ok: false, signature: 'unknown-key' });
  });
});

describe('meetrec-verify', () => {
  it('says of a folder and of a bucket what it finds, by its exit code as well', async () => {
    await using folder = await tempDirectory('recorder');
    const s3Key = 'recordings/standup/verified-0123456789ab/recording.mp4';
    const place = { ...(await placeIn(folder, { S3_KEY: s3Key })), s3Key };
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);

    const url = `s3://${BUCKET}/${dirname(s3Key)}/`;
    const local = dirname(pathOf(s3Key));
    for (const path of [url, local, pathOf(manifestKey(s3Key))]) {
      const { code, stdout } = await verifyCommand(place, [path]);
      expect(stdout).toMatch(/^FINE  rec-[0-9a-f]+: 1 files, [0-9]+ bytes; the manifest says: complete/);
      expect(code).toBe(0);
    }
    expect((await verifyCommand(place, [url, '--require-signature'])).code).toBe(1);
    expect((await verifyCommand(place, ['--help'])).stdout).toContain('Exit codes');
    expect((await verifyCommand(place, [])).code).toBe(2);
    expect((await verifyCommand(place, [url, '--no-such-option'])).code).toBe(2);
    expect((await verifyCommand(place, [`s3://${BUCKET}/nothing/here/`])).code).toBe(3);
    expect((await verifyCommand(place, [folder.path])).code).toBe(3);

    const bytes = await readFile(pathOf(s3Key));
    const last = bytes.lastIndexOf('mdat');
    bytes[last + 8] = (bytes[last + 8] ?? 0) ^ 1;
    await writeFile(pathOf(s3Key), bytes);
    const { code, stdout } = await verifyCommand(place, [url, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problems: [{ file: s3Key, track: 'video:0', second: 3 }, { what: 'its checksum is another one' }],
    });
  });
});

async function verifyCommand(
  place: RecorderPlace,
  args: readonly string[],
): Promise<{ code: number; stdout: string }> {
  const command = [join(import.meta.dirname, '../../recorder-image/bin/verify.ts'), ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...place.env } });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}
