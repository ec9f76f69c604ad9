import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { CODEC_NAMES, CODECS, isRefused } from '../../recorder-image/contract/codecs.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import { startS3 } from '../support/s3-server.ts';
import type { S3Server } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { Clips, recordCell } from './codec-cells.ts';
import type { SentTrack } from './codec-cells.ts';

const BUCKET = 'recordings';
/** Each way to send a picture, beside a way to send sound: all of them come up, and all of the others below. */
const PAIRS: readonly (readonly [SentTrack, SentTrack])[] = [
  [
    { codec: 'avc', form: 'flv' },
    { codec: 'aac', form: 'flv' },
  ],
  [
    { codec: 'avc', form: 'enhanced' },
    { codec: 'aac', form: 'enhanced' },
  ],
  [
    { codec: 'hevc', form: 'flv' },
    { codec: 'mp3', form: 'flv' },
  ],
  [
    { codec: 'hevc', form: 'enhanced' },
    { codec: 'mp3', form: 'enhanced' },
  ],
  [
    { codec: 'av1', form: 'enhanced' },
    { codec: 'opus', form: 'enhanced' },
  ],
  [
    { codec: 'vp9', form: 'enhanced' },
    { codec: 'flac', form: 'enhanced' },
  ],
  [
    { codec: 'vp8', form: 'enhanced' },
    { codec: 'ac3', form: 'enhanced' },
  ],
  [
    { codec: 'avc', form: 'flv' },
    { codec: 'eac3', form: 'enhanced' },
  ],
  [
    { codec: 'avc', form: 'flv' },
    { codec: 'pcma', form: 'flv' },
  ],
  [
    { codec: 'avc', form: 'enhanced' },
    { codec: 'pcmu', form: 'flv' },
  ],
  [
    { codec: 'hevc', form: 'flv' },
    { codec: 'pcm', form: 'flv' },
  ],
  [
    { codec: 'hevc', form: 'enhanced' },
    { codec: 'adpcm', form: 'flv' },
  ],
  [
    { codec: 'av1', form: 'enhanced' },
    { codec: 'speex', form: 'flv' },
  ],
  [
    { codec: 'vp9', form: 'enhanced' },
    { codec: 'nellymoser', form: 'flv' },
  ],
];

/** Records every codec that the format takes with a real recorder, and compares its file with what was published. */
export function describeCodecs(format: Format): void {
  // Several processes and an encoder: on a busy machine they take their time.
  vi.setConfig({ testTimeout: 300_000 });
  const resources = new AsyncDisposableStack();
  let s3: S3Server;
  let clips: Clips;

  beforeAll(async () => {
    s3 = resources.use(await startS3());
    await s3.createBucket(BUCKET);
    clips = new Clips(resources.use(await tempDirectory('clips')).path);
  }, 900_000);

  afterAll(() => resources.disposeAsync());

  describe(`${format}: what is published is in the file`, () => {
    const accepted = ({ codec }: SentTrack): boolean => !isRefused(codec, format);
    it.each(
      PAIRS.map((pair) => pair.filter(accepted)).map((tracks) => ({
        tracks,
        names: tracks.map(nameOf).join(' and '),
      })),
    )('$names', ({ tracks }) => recordCell({ s3, bucket: BUCKET, clips, format, tracks }));

    it('a picture with three tracks of sound, each of which is a track of the file', () =>
      recordCell({
        ...{ s3, bucket: BUCKET, clips, format },
        tracks: [
          { codec: 'avc', form: 'enhanced' },
          { codec: 'aac', form: 'enhanced' },
          { codec: 'opus', form: 'enhanced' },
          { codec: 'ac3', form: 'enhanced' },
        ],
      }));
  });

  it(`${format}: every codec that is accepted was recorded`, ({ expect }) => {
    const recorded = new Set(PAIRS.flat().map(({ codec }) => codec));
    expect(CODEC_NAMES.filter((codec) => !isRefused(codec, format) && !recorded.has(codec))).toEqual([]);
  });
}

function nameOf({ codec, form }: SentTrack): string {
  return `${CODECS[codec].label} (${form})`;
}
