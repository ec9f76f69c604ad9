import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../cluster/run-command.ts';
import { startChild } from '../support/child-process.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { publish, startPublishing } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { startS3Reader } from '../support/proxy/s3-reader.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { waitFor } from '../support/wait-for.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;
/** A key frame each second. */
let clip: string;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 20 });
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

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

async function probe(file: string, entries: string): Promise<string> {
  return await run('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'default=nw=1', file]);
}

async function metadataOf({ s3Key }: RecorderPlace): Promise<Record<string, string> | undefined> {
  const client = s3.client();
  try {
    return (await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: s3Key }))).Metadata;
  } finally {
    client.destroy();
  }
}

/** The processes that encode for this recorder. */
async function ffmpegsOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = children.split(' ').filter(Boolean).map(Number);
  const lines = await Promise.all(
    pids.map((child) => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => lines[index]?.includes('take-1.webm'));
}

async function segmentsIn(playlist: string): Promise<string[]> {
  const lines = (await readFile(playlist, 'utf8')).split('\n');
  return lines.filter((line) => line.endsWith('.m4s'));
}

describe('m3u8', () => {
  it('can be watched while it is recorded, and has every packet and its end when it is over', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'm3u8');
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    const live = await waitFor(
      async () =>
        existsSync(objectOf(place)) && (await segmentsIn(objectOf(place))).length >= 2 && objectOf(place),
      { what: 'a playlist of two segments', timeoutMs: 120_000 },
    );
    const growing = await readFile(live, 'utf8');
    expect(growing).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
    expect(growing).not.toContain('#EXT-X-ENDLIST');
    for (const segment of await segmentsIn(live)) expect(existsSync(join(dirname(live), segment))).toBe(true);
    // A player would go on waiting for more at its end.
    const soFar = join(dirname(live), 'so-far.m3u8');
    await writeFile(soFar, `${growing}#EXT-X-ENDLIST\n`);
    await expectPlayable(soFar, await debianFfmpegPath());
    expect((await recorder.status()).bytesUploaded).toBeGreaterThan(0);

    expect(await recorder.stop()).toBe(0);
    const finished = await readFile(live, 'utf8');
    expect(finished.startsWith(growing)).toBe(true);
    expect(finished).toMatch(/#EXT-X-ENDLIST\n$/);
    expect(comparePackets(await packetHashes(clip), await packetHashes(live))).toMatchObject({ ok: true });
    await expectPlayable(live, await debianFfmpegPath());
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', format: 'm3u8', key: place.s3Key });
    expect(await metadataOf(place)).toMatchObject({
      'started-at': result.startedAt,
      'stopped-at': result.stoppedAt,
    });
    const [, first = ''] = /#EXT-X-PROGRAM-DATE-TIME:(.*)/.exec(finished) ?? [];
    expect(Date.parse(first)).toBe(Date.parse(result.startedAt ?? ''));
  });

  it('is followed by a player while it is recorded, from its beginning to its end', async () => {
    await using folder = await tempDirectory('recorder');
    await using reader = await startS3Reader(s3, BUCKET);
    const place = await placeFor(folder, 'm3u8');
    await using recorder = await startRecorder(place);
    await using publisher = await startPublishing({ file: clip, url: recorder.url, speed: 3 });
    await waitFor(() => existsSync(objectOf(place)), { what: 'the playlist', timeoutMs: 120_000 });
    const seen = join(folder.path, 'seen.mkv');
    await using player = await startChild({
      name: 'player',
      command: await debianFfmpegPath(),
      args: [
        ...['-nostdin', '-v', 'error', '-live_start_index', '0', '-i', reader.urlOf(place.s3Key)],
        ...['-c', 'copy', seen],
      ],
    });
    // It has begun, and waits for more, as long as the recording goes on.
    await waitFor(() => existsSync(seen), { what: 'the player to see something', timeoutMs: 120_000 });
    expect(await publisher.exited).toBe(0);
    expect((await recorder.status()).state).not.toBe('done');
    expect(await recorder.stop()).toBe(0);
    expect(await player.exited).toBe(0);
    expect(player.output()).toBe('');
    expect(comparePackets(await packetHashes(clip), await packetHashes(seen))).toMatchObject({ ok: true });
  });

  it('goes on with the same segments when the recorder was killed', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'm3u8');
    await using first = await startRecorder(place);
    await publish({ file: clip, url: first.url });
    await waitFor(
      async () => existsSync(objectOf(place)) && (await segmentsIn(objectOf(place))).length >= 3,
      {
        what: 'a playlist of three segments',
        timeoutMs: 120_000,
      },
    );
    await first.kill();
    await using second = await startRecorder(place);
    await publish({ file: clip, url: second.url });
    expect(await second.stop()).toBe(0);
    const { video, audio } = await packetHashes(clip);
    const twice = { video: [...video, ...video], audio: [...audio, ...audio] };
    expect(comparePackets(twice, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
    for (const name of ['1-00000.m4s', '1-00001.m4s', '1-00002.m4s']) {
      expect(second.child.output()).toMatch(new RegExp(`"segment":"${name}","again":true`));
    }
  });

  it('has takes with other codec parameters in the same playlist, behind a discontinuity', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'm3u8');
    const other = await makeClip(join(clips.path, 'other.flv'), { seconds: 2, size: '256x144' });
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    await publish({ file: other, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const playlist = await readFile(objectOf(place), 'utf8');
    expect(playlist.split('#EXT-X-DISCONTINUITY')).toHaveLength(2);
    expect(playlist.match(/#EXT-X-MAP/g)).toHaveLength(2);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', key: place.s3Key });
    expect(await readResult(place)).not.toHaveProperty('files');
    const behind = join(dirname(objectOf(place)), `${place.recordingId}/2-00000.m4s`);
    const whole = join(folder.path, 'second.mp4');
    const init = behind.replace('00000.m4s', 'init.mp4');
    await writeFile(whole, Buffer.concat([await readFile(init), await readFile(behind)]));
    expect(comparePackets(await packetHashes(other), await packetHashes(whole))).toMatchObject({ ok: true });
  });
});

describe('webm', () => {
  const SIZE = { RECORDING_RESOLUTION: '160x90', RECORDING_FPS: '10', RECORDING_BITRATE: '200' };

  it('is VP9 and Opus at the size and rate that were asked for, and can be sought in', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'webm', SIZE);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const streams = await probe(
      objectOf(place),
      'stream=codec_name,width,height,r_frame_rate:format=duration',
    );
    expect(streams).toContain('codec_name=vp9\nwidth=160\nheight=90\nr_frame_rate=10/1');
    expect(streams).toContain('codec_name=opus');
    expect(Number(/duration=([0-9.]+)/.exec(streams)?.[1])).toBeCloseTo(20, 0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', format: 'webm' });
    const bytes = await readFile(objectOf(place));
    // The index of clusters, by which a player seeks.
    expect(bytes.includes(Buffer.from([0x1c, 0x53, 0xbb, 0x6b]))).toBe(true);
  });

  it('is whole when FFmpeg was killed while it was made', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'webm', SIZE);
    await using recorder = await startRecorder(place);
    await using publisher = await startPublishing({ file: clip, url: recorder.url, speed: 4 });
    const ffmpeg = await waitFor(async () => (await ffmpegsOf(recorder.child.pid))[0], { what: 'FFmpeg' });
    process.kill(ffmpeg, 'SIGKILL');
    await waitFor(async () => (await ffmpegsOf(recorder.child.pid)).some((pid) => pid !== ffmpeg), {
      what: 'another FFmpeg',
    });
    expect(await publisher.exited).toBe(0);
    expect(await recorder.stop()).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    const format = await probe(objectOf(place), 'format=duration');
    expect(Number(/duration=([0-9.]+)/.exec(format)?.[1])).toBeCloseTo(20, 0);
  });

  it('is whole when the recorder was killed, with silence where the publisher was away', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeFor(folder, 'webm', SIZE);
    await using first = await startRecorder(place);
    await using publisher = await startPublishing({ file: clip, url: first.url, realTime: true });
    await first.reach('recording');
    await first.kill();
    await publisher.stop();
    await using second = await startRecorder(place);
    await publish({ file: clip, url: second.url });
    expect(await second.stop()).toBe(0);
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    const { durationSeconds = 0 } = await readResult(place);
    const format = await probe(objectOf(place), 'format=duration');
    expect(durationSeconds).toBeGreaterThan(20);
    expect(Number(/duration=([0-9.]+)/.exec(format)?.[1])).toBeCloseTo(durationSeconds, 0);
  });
});
