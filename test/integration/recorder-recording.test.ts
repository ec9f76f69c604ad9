import { connect } from 'node:net';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
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
let clips: TempDirectory;
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 4 });
}, 900_000);

afterAll(() => resources.disposeAsync());

async function placeIn(folder: TempDirectory, env: Record<string, string> = {}): Promise<RecorderPlace> {
  return await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

/** The server closes idle connections to make room, some with a reset. */
const ignored = (): void => undefined;

async function compare(published: string, recorded: string): Promise<ReturnType<typeof comparePackets>> {
  return comparePackets(await packetHashes(published), await packetHashes(recorded));
}

describe('a recording', () => {
  it('has every audio and video packet that was published, in S3 and playable', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);

    const comparison = await compare(clip, objectOf(place));
    expect(comparison).toMatchObject({ ok: true, video: { published: 60 } });
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    const { size } = await stat(objectOf(place));
    expect(await readResult(place)).toMatchObject({
      outcome: 'completed',
      reason: 'Stopped',
      bucket: BUCKET,
      key: place.s3Key,
      url: `s3://${BUCKET}/${place.s3Key}`,
      sizeBytes: size,
      format: 'mp4',
      durationSeconds: expect.closeTo(4, 0),
    });
  });

  it('tells what it is doing, also to those who wait for a change', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    expect((await fetch(`${recorder.http}/readyz`)).status).toBe(200);
    const before = await recorder.status();
    expect(before).toMatchObject({ state: 'waiting', takes: 0 });

    const change = fetch(`${recorder.http}/status?wait=30&after=${before.version}`);
    await using publisher = await startPublishing({
      file: clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    expect(await (await change).json()).toMatchObject({ publisher: { address: expect.any(String) } });
    const status = await recorder.reach('recording');
    expect(status.startedAt).toBeDefined();

    await publisher.stop();
    await recorder.reach('reconnecting');
    const metrics = await (await fetch(`${recorder.http}/metrics`)).text();
    expect(metrics).toContain('meetrec_recorder_publisher_connects_total 1');
    expect(await recorder.stop()).toBe(0);
  });

  it('keeps all of a clip whose publisher closes the connection as soon as it has sent it', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const long = await makeClip(join(clips.path, 'long.flv'), { seconds: 60, size: '640x360', fps: 30 });
    await using recorder = await startRecorder(place);
    await publish({ file: long, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    expect(await compare(long, objectOf(place))).toMatchObject({ ok: true, video: { published: 1800 } });
  });

  it('goes on in the same file when the publisher comes back, after a gap as long as it was', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    const began = performance.now();
    await publish({ file: clip, url: recorder.url });
    await publish({ file: clip, url: recorder.url });
    const elapsed = (performance.now() - began) / 1000;
    expect(await recorder.stop()).toBe(0);
    const once = await packetHashes(clip);
    const twice = { video: [...once.video, ...once.video], audio: [...once.audio, ...once.audio] };
    expect(comparePackets(twice, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
    const { durationSeconds } = await readResult(place);
    expect(durationSeconds).toBeGreaterThan(7.9);
    expect(durationSeconds).toBeLessThan(8.1 + elapsed);
  });

  it('keeps what comes with other codec parameters in a file of its own', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const other = await makeClip(join(clips.path, 'other.flv'), { seconds: 2, size: '256x144' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    await publish({ file: other, url: recorder.url });
    await waitFor(async () => (await recorder.status()).takes === 2, { what: 'the second take' });
    expect(await recorder.stop()).toBe(0);

    const second = place.s3Key.replace('.mp4', '-take2.mp4');
    expect(await readResult(place)).toMatchObject({
      key: place.s3Key,
      files: [{ key: place.s3Key }, { key: second }],
    });
    expect(await compare(clip, objectOf(place))).toMatchObject({ ok: true });
    expect(await compare(other, join(s3.directory, BUCKET, second))).toMatchObject({ ok: true });
  });

  it('ends by itself at the maximum duration, with all that came before', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { RECORDING_MAX_DURATION: '2' });
    await using recorder = await startRecorder(place);
    await using _publisher = await startPublishing({
      file: clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    expect(await recorder.child.exited).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', reason: 'MaxDurationReached' });
    expect(result.durationSeconds).toBeGreaterThan(1.9);
    expect(result.durationSeconds).toBeLessThan(2);
    const comparison = await compare(clip, objectOf(place));
    expect(comparison.video).toMatchObject({ recorded: 30, extra: 0, firstMissing: 30 });
  });

  it('ends by itself when the publisher stays away, with what there is', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { RECONNECT_WINDOW: '1' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.child.exited).toBe(0);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', reason: 'PublisherLost' });
    expect(await compare(clip, objectOf(place))).toMatchObject({ ok: true });
  });

  it('ends at once where the disk is full already: exit code 12', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { RECORDING_MIN_FREE_MB: '1000000000' });
    const child = await spawnRecorder(place.env);
    expect(await child.exited).toBe(12);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'DiskFull' });
  });
});

describe('without a recording', () => {
  it('is told to stop before anything came: exit code 10', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    expect(await recorder.stop()).toBe(10);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'NothingReceived' });
  });

  it('gives up when no publisher comes: exit code 10, and again when it is started again', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { PUBLISHER_TIMEOUT: '0.5' });
    for (const _attempt of [1, 2]) {
      await using child = await spawnRecorder(place.env);
      expect(await child.exited).toBe(10);
      expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'NoPublisher' });
    }
  });

  it('names each variable of a wrong environment: exit code 13', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { RECORDING_FORMAT: 'mkv', S3_BUCKET: '' });
    const child = await spawnRecorder(place.env);
    expect(await child.exited).toBe(13);
    expect(child.output()).toMatch(/^RECORDING_FORMAT: .*mp4/m);
    expect(child.output()).toMatch(/^S3_BUCKET is missing/m);
    expect(await readResult(place)).toMatchObject({ outcome: 'failed', reason: 'BadConfiguration' });
  });
});

describe('the door', () => {
  it('refuses a wrong key, keeps nothing, and still takes the right one', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    for (const path of ['live/wrong', `other/${place.streamKey}`]) {
      await using intruder = await startPublishing({ file: clip, url: recorder.urlOf(path) });
      expect(await intruder.exited).not.toBe(0);
    }
    expect(await recorder.status()).toMatchObject({ state: 'waiting', bytesReceived: 0, takes: 0 });
    expect(await readdir(place.spool)).toEqual(['state.json']);

    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    expect(recorder.child.output()).not.toContain(place.streamKey);
    expect(await readFile(join(place.spool, 'state.json'), 'utf8')).not.toContain(place.streamKey);
  });

  it('refuses players, and does not notice probes', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    await using publisher = await startPublishing({
      file: clip,
      url: recorder.url,
      realTime: true,
      loop: true,
    });
    await recorder.reach('recording');

    const probe = connect(recorder.rtmpPort, '127.0.0.1');
    await once(probe, 'connect');
    probe.end();
    const idle = Array.from({ length: 200 }, () =>
      connect(recorder.rtmpPort, '127.0.0.1').on('error', ignored),
    );
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    const garbage = connect(recorder.rtmpPort, '127.0.0.1', () => garbage.write(Buffer.alloc(20_000, 0x5a)));
    garbage.resume();
    await once(garbage, 'close');
    await using player = await startPublishing({ file: recorder.url, url: join(folder.path, 'stolen.flv') });
    expect(await player.exited).not.toBe(0);

    expect((await recorder.status()).publisher).toBeDefined();
    await publisher.stop();
    expect(await recorder.stop()).toBe(0);
    for (const socket of idle) socket.destroy();
    const original = await packetHashes(clip);
    const video = Array.from({ length: 50 }, () => original.video).flat();
    const { video: compared } = comparePackets({ video, audio: [] }, await packetHashes(objectOf(place)));
    expect(compared).toMatchObject({ extra: 0, firstMissing: compared.recorded });
    expect(compared.recorded).toBeGreaterThan(0);
  });

  it('lets another publisher in when the first one has stalled', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder, { PUBLISHER_STALL_AFTER: '0.5' });
    await using recorder = await startRecorder(place);
    await using first = await startPublishing({ file: clip, url: recorder.url, realTime: true, loop: true });
    await recorder.reach('recording');
    process.kill(first.pid, 'SIGSTOP');
    try {
      await recorder.reach('reconnecting');
      await publish({ file: clip, url: recorder.url });
      expect((await recorder.status()).bytesReceived).toBeGreaterThan(0);
    } finally {
      process.kill(first.pid, 'SIGKILL');
    }
    expect(await recorder.stop()).toBe(0);
    expect((await compare(clip, objectOf(place))).video.missing).toBe(0);
  });
});
