import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fateOf } from '../../recorder-image/contract/codecs.ts';
import type { CodecName } from '../../recorder-image/contract/codecs.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { encodeTrack } from '../support/media/coded-track.ts';
import type { CodedTrack } from '../support/media/coded-track.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import { interleaved, messagesOf } from '../support/media/rtmp-forms.ts';
import type { Form } from '../support/media/rtmp-forms.ts';
import { startRtmpPublisher } from '../support/media/rtmp-publisher.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { endOf, recordedStreams } from '../support/media/recorded-streams.ts';
import type { RecordedStream } from '../support/media/recorded-streams.ts';
import { toneBeginnings } from './tone-edges.ts';

/** A track of a publisher. */
export interface SentTrack {
  readonly codec: CodecName;
  readonly form: Form;
}

const SECONDS = 4;
/** Of a webm, which is encoded at this rate. */
const FPS = 15;
/** How far an encoded track may begin or end from where it was published, in ms. */
const ENCODED_TOLERANCE_MS = 120;
const FFMPEG_NAMES: Readonly<Partial<Record<CodecName, string>>> = { avc: 'h264' };

/** Encodes each track once, however many cells send it. */
export class Clips {
  readonly #folder: string;
  readonly #tracks = new Map<CodecName, Promise<CodedTrack>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  track(codec: CodecName): Promise<CodedTrack> {
    const made =
      this.#tracks.get(codec) ?? encodeTrack({ codec, path: join(this.#folder, 'clip'), seconds: SECONDS });
    this.#tracks.set(codec, made);
    return made;
  }
}

export interface CellOptions {
  readonly s3: S3Server;
  readonly bucket: string;
  readonly clips: Clips;
  readonly format: Format;
  /** The first of each kind is track 0, and so on. */
  readonly tracks: readonly SentTrack[];
}

/** Publishes the tracks to a real recorder and compares what is in S3 with what was sent. */
export async function recordCell({ s3, bucket, clips, format, tracks }: CellOptions): Promise<void> {
  await using folder = await tempDirectory('recorder');
  const env = { RECORDING_FORMAT: format, RECORDING_RESOLUTION: '160x96', RECORDING_FPS: String(FPS) };
  const made = await recorderPlace({ folder: folder.path, s3, bucket, env });
  const s3Key = made.s3Key.replace(/\.mp4$/, `.${format}`);
  const place = { ...made, s3Key, env: { ...made.env, S3_KEY: s3Key } };
  const sent = await Promise.all(tracks.map(({ codec }) => clips.track(codec)));
  const numbers = { audio: 0, video: 0 };
  const messages = sent.map((track, index) => {
    const kind = isVideo(track) ? 'video' : 'audio';
    const trackId = numbers[kind];
    numbers[kind] += 1;
    return messagesOf(track, tracks[index]?.form ?? 'flv', trackId);
  });

  await using recorder = await startRecorder(place);
  await using publisher = await startRtmpPublisher({ url: recorder.url });
  await publisher.send(interleaved(messages));
  await publisher.end();
  expect(await recorder.stop()).toBe(0);

  expect(await readResult(place)).toMatchObject({ outcome: 'completed', key: s3Key, format });
  const file = join(s3.directory, bucket, s3Key);
  await expectPlayable(file, await debianFfmpegPath());
  await compare(file, format, sent);
}

async function compare(file: string, format: Format, sent: readonly CodedTrack[]): Promise<void> {
  const streams = await recordedStreams(file);
  expect(streams.map(({ type }) => type).toSorted()).toEqual(
    sent.map((track) => (isVideo(track) ? 'video' : 'audio')).toSorted(),
  );
  for (const kind of ['video', 'audio'] as const) {
    const published = sent.filter((track) => isVideo(track) === (kind === 'video'));
    const recorded = streams.filter(({ type }) => type === kind);
    for (const [index, track] of published.entries()) {
      const stream = recorded[index];
      if (stream === undefined) throw new Error(`no ${kind} track ${index}`);
      const fate = fateOf(track.codec, format);
      if (fate.is === 'copied') expectCopied(track, stream);
      else await expectEncoded({ file, track, stream, index });
    }
  }
}

/** Each packet as it was sent, at the time at which it was to be shown. */
function expectCopied({ codec, packets }: CodedTrack, stream: RecordedStream): void {
  expect(stream.codec).toBe(FFMPEG_NAMES[codec] ?? codec);
  expect(stream.packets.map(({ hash }) => hash)).toEqual(
    packets.map(({ payload }) => createHash('md5').update(payload).digest('hex')),
  );
  const late = stream.packets.map(({ ptsMs }, index) => ptsMs - (packets[index]?.ptsMs ?? Number.NaN));
  expect(late.filter((ms) => Math.abs(ms) > 1)).toEqual([]);
}

/** As long as what was sent, and heard or seen at the same time. */
async function expectEncoded(options: {
  readonly file: string;
  readonly track: CodedTrack;
  readonly stream: RecordedStream;
  /** Among the tracks of its kind. */
  readonly index: number;
}): Promise<void> {
  const { file, track, stream, index } = options;
  const lastMs = track.packets.at(-1)?.dtsMs ?? 0;
  expect(Math.abs(endOf(stream) - SECONDS * 1000)).toBeLessThan(
    ENCODED_TOLERANCE_MS + SECONDS * 1000 - lastMs,
  );
  if (isVideo(track)) {
    expect(Math.abs(stream.packets.length - SECONDS * FPS)).toBeLessThanOrEqual(2);
    return;
  }
  const beginnings = await toneBeginnings(file, index);
  expect(beginnings).toHaveLength(SECONDS);
  for (const [second, ms] of beginnings.entries()) {
    expect(Math.abs(ms - second * 1000)).toBeLessThan(ENCODED_TOLERANCE_MS);
  }
}

function isVideo({ codec }: CodedTrack): boolean {
  return ['avc', 'hevc', 'av1', 'vp9', 'vp8', 'h263', 'screen'].includes(codec);
}
