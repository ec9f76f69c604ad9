import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { ensureFfmpeg } from '../cluster/images/ffmpeg.ts';
import { run } from '../cluster/run-command.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { makeClip } from '../support/media/clip.ts';
import { isConfig, readFlvTags } from '../support/media/flv-tags.ts';
import { makeHevcClip } from '../support/media/hevc-clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import type { PacketHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { publish } from '../support/media/publish.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace } from '../support/media/recorder-process.ts';
import { pushTags, startRtmpPublisher } from '../support/media/rtmp-publisher.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';

// Several processes and an encoder: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000 });

const BUCKET = 'recordings';
const WRAP = 2 ** 32;
const HOUR = 3_600_000;
const resources = new AsyncDisposableStack();
let s3: S3Server;
let clips: TempDirectory;
let clip: string;
let tags: readonly Tag[];
let packets: PacketHashes;

beforeAll(async () => {
  s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  clips = resources.use(await tempDirectory('clips'));
  clip = await makeClip(join(clips.path, 'clip.flv'), { seconds: 8 });
  tags = await readFlvTags(clip);
  packets = await packetHashes(clip);
}, 900_000);

afterAll(() => resources.disposeAsync());

function placeIn(folder: TempDirectory): Promise<RecorderPlace> {
  return recorderPlace({ folder: folder.path, s3, bucket: BUCKET });
}

function objectOf(place: RecorderPlace): string {
  return join(s3.directory, BUCKET, place.s3Key);
}

describe('a publisher that comes back', () => {
  it('from another address, as another program, with its time at zero, goes on in the same file', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    await using recorder = await startRecorder(place);
    await publish({ file: clip, url: recorder.url });
    expect((await recorder.reach('reconnecting')).durationSeconds).toBeCloseTo(8, 0);
    const left = performance.now();
    await using other = await startRtmpPublisher({ url: recorder.url, localAddress: '127.0.0.2' });
    const back = performance.now();
    await other.send(tags);
    await recorder.reach('recording');
    const { publisher } = await recorder.status();
    expect(publisher?.address).toMatch(/127\.0\.0\.2:/);
    await other.end();
    expect(await recorder.stop()).toBe(0);

    const twice = {
      video: [...packets.video, ...packets.video],
      audio: [...packets.audio, ...packets.audio],
    };
    expect(comparePackets(twice, await packetHashes(objectOf(place)))).toMatchObject({ ok: true });
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed', key: place.s3Key });
    expect(result).not.toHaveProperty('files');
    // Twice the clip, and the time in which nobody was there.
    expect(result.durationSeconds).toBeGreaterThan(15.9);
    expect(result.durationSeconds).toBeGreaterThan(15.8 + (back - left) / 1000);
    expect(result.durationSeconds).toBeLessThan(17 + (performance.now() - left) / 1000);
  });
});

interface Oddity {
  readonly what: string;
  readonly send: (tags: readonly Tag[]) => Tag[];
  /** Seconds. */
  readonly lasts: number;
  readonly playable?: boolean;
}

const shifted = (tag: Tag, ms: number): Tag => ({ ...tag, timestampMs: tag.timestampMs + ms });
const late = (tag: Tag, track: Tag['track'], ms: number): boolean =>
  tag.track !== track || tag.timestampMs >= ms;

const oddities: readonly Oddity[] = [
  {
    what: 'timestamps that wrap at 2^32',
    send: (all) => all.map((tag) => shifted(tag, WRAP - 3000)),
    lasts: 8,
  },
  {
    what: 'timestamps that jump an hour ahead',
    send: (all) => all.map((tag) => shifted(tag, tag.timestampMs < 4000 ? 0 : HOUR)),
    lasts: 8,
  },
  {
    what: 'timestamps that start again at zero',
    send: (all) => all.map((tag) => shifted(tag, tag.timestampMs < 4000 ? HOUR : -4000)),
    lasts: 8,
  },
  {
    what: 'sound first and a picture 3 s later',
    send: (all) => all.filter((tag) => isConfig(tag) || late(tag, 'video', 3000)),
    lasts: 8,
  },
  {
    what: 'a picture first and sound 3 s later',
    send: (all) => all.filter((tag) => isConfig(tag) || late(tag, 'audio', 3000)),
    lasts: 8,
  },
  {
    what: 'no key frame at all',
    // The high nibble of a video payload is 1 for a key frame.
    send: (all) =>
      all.filter((tag) => tag.track === 'audio' || isConfig(tag) || (tag.payload[0] ?? 0) >> 4 !== 1),
    lasts: 8,
    playable: false,
  },
];

describe('a publisher with', () => {
  it.each(oddities)('$what loses no packet, and has its file', async ({ send, lasts, playable = true }) => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const odd = send(tags);
    await using recorder = await startRecorder(place);
    await pushTags(odd, { url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const result = await readResult(place);
    expect(result).toMatchObject({ outcome: 'completed' });
    expect(result).not.toHaveProperty('files');
    expect(result.durationSeconds).toBeCloseTo(lasts, 0);
    const [video, audio] = (['video', 'audio'] as const).map((track) =>
      odd.filter((tag) => tag.track === track && !isConfig(tag)),
    );
    const compared = comparePackets(packets, await packetHashes(objectOf(place)));
    expect(compared).toMatchObject({
      video: { recorded: video?.length, extra: 0 },
      audio: { recorded: audio?.length, extra: 0 },
    });
    if (playable) await expectPlayable(objectOf(place), await debianFfmpegPath());
  });
});

describe('HEVC by enhanced RTMP', () => {
  it('is copied into MP4 as Apple has it, every packet as it was', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const hevc = await makeHevcClip(join(folder.path, 'hevc'), 4);
    await using recorder = await startRecorder(place);
    await pushTags(await readFlvTags(hevc.flv), { url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    const streams = await run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=codec_name,codec_tag_string'],
      ...['-of', 'default=nw=1', objectOf(place)],
    ]);
    expect(streams).toContain('codec_name=hevc\ncodec_tag_string=hvc1');
    const { video } = await packetHashes(hevc.mp4);
    // The encoder's first packet of sound is left out where the MP4 becomes FLV.
    const { audio } = await packetHashes(hevc.flv, (await ensureFfmpeg()).ffprobe);
    const compared = comparePackets({ video, audio }, await packetHashes(objectOf(place)));
    expect(compared).toMatchObject({ ok: true, video: { published: 60 } });
    await expectPlayable(objectOf(place), await debianFfmpegPath());
    expect((await readResult(place)).durationSeconds).toBeCloseTo(4, 0);
  });
});

describe('two hours', () => {
  /** How often the clip is sent, one behind the other. */
  const TIMES = 1800;

  it('of sound and picture stay together', async () => {
    await using folder = await tempDirectory('recorder');
    const place = await placeIn(folder);
    const file = join(folder.path, 'short.flv');
    const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5', '-c:v', 'libx264', '-g', '5'];
    const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=8000', '-c:a', 'aac', '-ar', '8000'];
    const inputs = [...picture.slice(0, 4), ...tone.slice(0, 4), ...picture.slice(4), ...tone.slice(4)];
    const format = ['-pix_fmt', 'yuv420p', '-bf', '0', '-t', '4', '-f', 'flv', file];
    await run(await debianFfmpegPath(), ['-nostdin', '-v', 'error', '-y', ...inputs, ...format]);
    const once = (await readFlvTags(file)).filter(({ timestampMs }) => timestampMs < 4000);
    const configs = once.filter(isConfig);
    const media = once.filter((tag) => !isConfig(tag));
    const sent = Array.from({ length: TIMES }, (_, index) =>
      media.map((tag) => shifted(tag, index * 4000)),
    ).flat();
    await using recorder = await startRecorder(place);
    await pushTags([...configs, ...sent], { url: recorder.url });
    expect(await recorder.stop()).toBe(0);
    expect((await readResult(place)).durationSeconds).toBeGreaterThan(7195);

    const recorded = await packetTimes(objectOf(place));
    const offsets = (['video', 'audio'] as const).map((track) => {
      const published = sent.filter((tag) => tag.track === track);
      expect(recorded[track]).toHaveLength(published.length);
      return published.map(({ timestampMs }, index) => (recorded[track][index] ?? 0) - timestampMs);
    });
    const [video = [], audio = []] = offsets;
    // Of all packets but the first, which stands for what came before it.
    const all = [...video.slice(1), ...audio.slice(1)];
    const most = all.reduce((a, b) => Math.max(a, b));
    const least = all.reduce((a, b) => Math.min(a, b));
    expect(most - least).toBeLessThanOrEqual(40);
  });
});

/** The presentation times of a file's packets, in ms. */
async function packetTimes(file: string): Promise<{ video: number[]; audio: number[] }> {
  const text = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'packet=codec_type,pts_time', '-of', 'csv=p=0', file],
  ]);
  const times = { video: [] as number[], audio: [] as number[] };
  for (const line of text.split('\n')) {
    const [type, seconds] = line.split(',');
    if (type === 'video' || type === 'audio') times[type].push(Number(seconds) * 1000);
  }
  return times;
}
