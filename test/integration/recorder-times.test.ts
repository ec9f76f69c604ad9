import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { readMessage } from '../../recorder-image/media/flv-packets.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { isConfig, readFlvTags } from '../support/media/flv-tags.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { recordedStreams } from '../support/media/recorded-streams.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import { startRtmpPublisher } from '../support/media/rtmp-publisher.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const resources = new AsyncDisposableStack();
let s3: S3Server;
/** 6 s with two B-frames in a row. */
let bFrames: readonly Tag[];
/** 6 s at more than FFmpeg looks at before it gives up on a track. */
let fat: readonly Tag[];

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const clips = resources.use(await tempDirectory('clips'));
  const small = await makeClip(join(clips.path, 'b-frames.flv'), { seconds: 6, bFrames: 2 });
  bFrames = await readFlvTags(small);
  const large = await makeClip(join(clips.path, 'fat.flv'), { seconds: 6, bitrateKbps: 20_000 });
  fat = await readFlvTags(large);
}, 900_000);

afterAll(() => resources.disposeAsync());

/** Decodes pictures so much later, in ms, than they were. */
function decodedLater(tags: readonly Tag[], byMs: number): Tag[] {
  return tags.map((tag) => {
    if (tag.track === 'audio' || isConfig(tag)) return tag;
    const payload = Buffer.from(tag.payload);
    payload.writeIntBE(payload.readIntBE(2, 3) - byMs, 2, 3);
    return { ...tag, payload };
  });
}

function soundLater(tags: readonly Tag[], byMs: number): Tag[] {
  return tags
    .map((tag) => (tag.track === 'audio' ? { ...tag, timestampMs: tag.timestampMs + byMs } : tag))
    .toSorted((a, b) => a.timestampMs - b.timestampMs);
}

/** What the tags have of a track, and when it is to be shown, in ms from the earliest of all. */
function sentOf(tags: readonly Tag[], kind: 'audio' | 'video') {
  const packets = tags.flatMap(({ track, ...tag }) => readMessage({ kind: track, ...tag }).packets);
  const origin = packets.reduce((least, { ptsMs, dtsMs }) => Math.min(least, ptsMs, dtsMs), Infinity);
  return packets
    .filter(({ track }) => track.startsWith(kind))
    .map(({ ptsMs, payload }) => ({
      ptsMs: ptsMs - origin,
      hash: createHash('md5').update(payload).digest('hex'),
    }));
}

const CLIPS: readonly { readonly what: string; readonly tags: () => readonly Tag[] }[] = [
  { what: 'B-frames', tags: () => bFrames },
  { what: 'B-frames that are shown before they are decoded', tags: () => decodedLater(bFrames, 100) },
  { what: 'pictures that are shown before the first is decoded', tags: () => decodedLater(bFrames, 200) },
  { what: '20 Mbit/s of pictures, and sound 3 s later', tags: () => soundLater(fat, 3000) },
];

describe.each(['mp4', 'm3u8'])('%s: every packet comes, at the time at which it was sent', (format) => {
  it.each(CLIPS)('$what', async ({ tags }) => {
    await using folder = await tempDirectory('recorder');
    const env = { RECORDING_FORMAT: format };
    const made = await recorderPlace({ folder: folder.path, s3, bucket: BUCKET, env });
    const s3Key = made.s3Key.replace('.mp4', `.${format}`);
    const place = { ...made, s3Key, env: { ...made.env, S3_KEY: s3Key } };
    await using recorder = await startRecorder(place);
    await using publisher = await startRtmpPublisher({ url: recorder.url });
    await publisher.send(tags());
    await publisher.end();
    expect(await recorder.stop()).toBe(0);
    expect(await readResult(place)).toMatchObject({ outcome: 'completed', format, complete: true });

    const file = join(s3.directory, BUCKET, s3Key);
    for (const { type, packets } of await recordedStreams(file)) {
      const recorded = packets.map(({ ptsMs, hash }) => ({ ptsMs, hash }));
      expect(recorded).toEqual(sentOf(tags(), type));
    }
    await expectPlayable(file, await debianFfmpegPath());
  });
});
