import { join } from 'node:path';
import { expect } from 'vitest';
import type { CodecName } from '../../recorder-image/contract/codecs.ts';
import type { IncompleteReason } from '../../recorder-image/contract/completeness.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import type { Tag } from '../../recorder-image/journal/flv.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { encodeTrack } from '../support/media/coded-track.ts';
import type { CodedTrack } from '../support/media/coded-track.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { readResult, recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import type { RecorderPlace, RecorderProcess } from '../support/media/recorder-process.ts';
import { pushTags } from '../support/media/rtmp-publisher.ts';
import { startPublishingClient } from '../support/media/rtmp-client.ts';
import type { RtmpClient } from '../support/media/rtmp-client.ts';
import { startS3 } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const BUCKET = 'recordings';
/** Of each clip. */
export const SECONDS = 4;
/** Of what is encoded. */
export const FPS = 15;

export interface CodecRecording extends AsyncDisposable {
  readonly place: RecorderPlace;
  readonly recorder: RecorderProcess;
  readonly connect: () => Promise<RtmpClient>;
  /** Where the file is once it is stored; it need not be there. */
  readonly file: string;
  /** Stops it and returns the path of its one file, which is proven and plays from start to end. */
  readonly finish: (options?: FinishOptions) => Promise<string>;
}

interface FinishOptions {
  /** Where it was started again. */
  readonly recorder?: RecorderProcess;
  /** Default: nothing is missing. `either`: that is not to be told. */
  readonly incomplete?: IncompleteReason | 'either';
}

/** Real S3, tracks that are encoded once however often they are sent, and recorders as processes of their own. */
export interface CodecWorld extends AsyncDisposable {
  /** An empty folder. */
  readonly folder: string;
  readonly track: (codec: CodecName) => Promise<CodedTrack>;
  readonly start: (format: Format) => Promise<CodecRecording>;
  /** Publishes the tags in one go, and returns the path of the file that became of them. */
  readonly record: (format: Format, tags: readonly Tag[]) => Promise<string>;
}

export async function codecWorld(): Promise<CodecWorld> {
  await using starting = new AsyncDisposableStack();
  const s3 = starting.use(await startS3());
  await s3.createBucket(BUCKET);
  const { path: folder } = starting.use(await tempDirectory('clips'));
  const tracks = new Map<CodecName, Promise<CodedTrack>>();
  const track = (codec: CodecName): Promise<CodedTrack> => {
    const made = tracks.get(codec) ?? encodeTrack({ codec, path: join(folder, 'clip'), seconds: SECONDS });
    tracks.set(codec, made);
    return made;
  };
  const start = async (format: Format): Promise<CodecRecording> => {
    await using beginning = new AsyncDisposableStack();
    const own = beginning.use(await tempDirectory('recorder'));
    const env = { RECORDING_FORMAT: format, RECORDING_RESOLUTION: '160x96', RECORDING_FPS: String(FPS) };
    const made = await recorderPlace({ folder: own.path, s3, bucket: BUCKET, env });
    const s3Key = made.s3Key.replace(/\.mp4$/, `.${format}`);
    const place = { ...made, s3Key, env: { ...made.env, S3_KEY: s3Key } };
    const recorder = beginning.use(await startRecorder(place));
    const resources = beginning.move();
    const file = join(s3.directory, BUCKET, s3Key);
    return {
      place,
      recorder,
      file,
      connect: () => startPublishingClient({ port: recorder.rtmpPort, key: place.streamKey }),
      finish: async ({ recorder: last = recorder, incomplete } = {}) => {
        expect(await last.stop()).toBe(0);
        const result = await readResult(place);
        expect(result).toMatchObject({ outcome: 'completed', key: s3Key, format });
        if (incomplete !== 'either') {
          const reason = incomplete === undefined ? {} : { incompleteReason: incomplete };
          expect(result).toMatchObject({ complete: incomplete === undefined, ...reason });
        }
        expect(result).not.toHaveProperty('files');
        await expectPlayable(file, await debianFfmpegPath());
        return file;
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  };
  const record = async (format: Format, tags: readonly Tag[]): Promise<string> => {
    await using recording = await start(format);
    await pushTags(tags, { url: recording.recorder.url });
    return await recording.finish();
  };
  const resources = starting.move();
  return { folder, track, start, record, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
