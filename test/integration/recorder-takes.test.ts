import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fileHeader, tagSize, writeTag } from '../../recorder-image/journal/flv.ts';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { readFlvTags } from '../support/media/flv-tags.ts';
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

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const BUCKET = 'recordings';
const TAKES = 40;
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

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

describe('takes', () => {
  it.each(['audio', 'video'] as const)(
    'are one file where the %s came first and the rest later',
    async (tracks) => {
      await using folder = await tempDirectory('recorder');
      const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
      // Longer than a take waits for its other track.
      const first = await makeClip(join(clips.path, `${tracks}.flv`), { seconds: 8, tracks });
      await using recorder = await startRecorder(place);
      await publish({ file: first, url: recorder.url });
      await publish({ file: clip, url: recorder.url });
      await waitFor(async () => (await recorder.status()).takes === 2, { what: 'the second take' });
      expect(await recorder.stop()).toBe(0);

      const result = await readResult(place);
      expect(result).toMatchObject({ outcome: 'completed', key: place.s3Key });
      expect(result).not.toHaveProperty('files');
      const [before, after] = [await packetHashes(first), await packetHashes(clip)];
      const published = {
        video: [...before.video, ...after.video],
        audio: [...before.audio, ...after.audio],
      };
      expect(comparePackets(published, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
      await expectPlayable(objectOf(place), await debianFfmpegPath());
      expect(existsSync(objectOf(place).replace('.mp4', '-take2.mp4'))).toBe(false);
      expect((await readdir(place.spool)).filter((name) => !name.endsWith('.json'))).toEqual([]);
    },
  );

  it('that a restart finds, forty of them, are one file', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
    const tags = await readFlvTags(clip);
    await mkdir(place.spool, { recursive: true });
    for (let index = 0; index < TAKES; index += 1) {
      const parts = tags.map(({ timestampMs, ...tag }) => {
        const bytes = Buffer.alloc(tagSize(tag.payload.length));
        writeTag(bytes, 0, { ...tag, timestampMs: timestampMs + index * 5000 });
        return bytes;
      });
      const header = fileHeader(new Set(['audio', 'video']));
      await writeFile(join(place.spool, `take-${index + 1}.flv`), Buffer.concat([header, ...parts]));
    }
    await using recorder = await startRecorder(place);
    expect(await recorder.stop()).toBe(0);
    const { video, audio } = await packetHashes(clip);
    const published = {
      video: Array.from({ length: TAKES }, () => video).flat(),
      audio: Array.from({ length: TAKES }, () => audio).flat(),
    };
    expect(await readResult(place)).not.toHaveProperty('files');
    expect(comparePackets(published, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
  });

  it('that were encoded are one file where the picture came later and then changed its size', async () => {
    await using folder = await tempDirectory('recorder');
    const env = { RECORDING_FORMAT: 'webm', RECORDING_RESOLUTION: '160x90', RECORDING_FPS: '10' };
    const made = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const s3Key = made.s3Key.replace('.mp4', '.webm');
    const place = { ...made, s3Key, env: { ...made.env, S3_KEY: s3Key } };
    const sound = await makeClip(join(clips.path, 'sound.flv'), { seconds: 8, tracks: 'audio' });
    const other = await makeClip(join(clips.path, 'other.flv'), { seconds: 2, size: '256x144' });
    await using recorder = await startRecorder(place);
    for (const file of [sound, clip, other]) await publish({ file, url: recorder.url });
    await waitFor(async () => (await recorder.status()).takes === 3, { what: 'the third take' });
    expect(await recorder.stop()).toBe(0);

    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', key: s3Key });
    expect(result).not.toHaveProperty('files');
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    const { durationSeconds = 0 } = result;
    const { video = [], audio = [] } = await packetTimes(objectOf(place));
    expect(audio[0]).toBeCloseTo(0, 1);
    // The picture is there for the last two clips, and as late as it came.
    expect(video.length).toBeGreaterThanOrEqual(58);
    expect(video[0]).toBeGreaterThan(7.8);
    for (const times of [video, audio]) expect(times.at(-1)).toBeCloseTo(durationSeconds, 0);
    expect(existsSync(objectOf(place).replace('.webm', '-take2.webm'))).toBe(false);
    expect((await readdir(place.spool)).filter((name) => !name.endsWith('.json'))).toEqual([]);
  });
});

/** Of a file's packets, in seconds. */
async function packetTimes(file: string): Promise<Record<string, number[]>> {
  const entries = ['-show_entries', 'packet=codec_type,pts_time', '-of', 'csv=p=0'];
  const text = await run('ffprobe', ['-v', 'error', ...entries, file]);
  const times: Record<string, number[]> = {};
  for (const line of text.trim().split('\n')) {
    const [type = '', seconds] = line.split(',');
    (times[type] ??= []).push(Number(seconds));
  }
  return times;
}
