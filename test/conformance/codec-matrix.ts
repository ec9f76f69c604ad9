import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CODEC_NAMES, CODECS, isRefused } from '../../recorder-image/contract/codecs.ts';
import type { CodecName } from '../../recorder-image/contract/codecs.ts';
import type { Format } from '../../recorder-image/contract/formats.ts';
import { interleaved, messagesOf } from '../support/media/rtmp-forms.ts';
import type { Form } from '../support/media/rtmp-forms.ts';
import { codecWorld } from './codec-world.ts';
import type { CodecWorld } from './codec-world.ts';
import { expectTracks } from './compare-tracks.ts';

interface SentTrack {
  readonly codec: CodecName;
  readonly form: Form;
}

function flv(codec: CodecName): SentTrack {
  return { codec, form: 'flv' };
}

function enhanced(codec: CodecName): SentTrack {
  return { codec, form: 'enhanced' };
}

/** Every way to send a picture and every way to send sound, each at least once. */
const CELLS: readonly (readonly SentTrack[])[] = [
  [flv('avc'), flv('aac')],
  [enhanced('avc'), enhanced('aac')],
  [flv('hevc'), flv('mp3')],
  [enhanced('hevc'), enhanced('mp3')],
  [enhanced('av1'), enhanced('opus')],
  [enhanced('vp9'), enhanced('flac')],
  [enhanced('vp8'), enhanced('ac3')],
  [flv('avc'), enhanced('eac3')],
  [flv('avc'), flv('pcma')],
  [enhanced('avc'), flv('pcmu')],
  [flv('hevc'), flv('pcm')],
  [enhanced('hevc'), flv('adpcm')],
  [enhanced('av1'), flv('speex')],
  [enhanced('vp9'), flv('nellymoser')],
  // Each of which is a track of the file.
  [enhanced('avc'), enhanced('aac'), enhanced('opus'), enhanced('ac3')],
];

/** Records every codec that the format takes with a real recorder, and compares its file with what was published. */
export function describeCodecs(format: Format): void {
  // Several processes and an encoder: on a busy machine they take their time.
  vi.setConfig({ testTimeout: 300_000 });
  let world: CodecWorld;

  beforeAll(async () => {
    world = await codecWorld();
  }, 900_000);

  afterAll(() => world[Symbol.asyncDispose]());

  const cells = CELLS.map((cell) => cell.filter(({ codec }) => !isRefused(codec, format)));

  it('every codec that is not refused is in the matrix', () => {
    const sent = new Set(cells.flat().map(({ codec }) => codec));
    expect(CODEC_NAMES.filter((codec) => !isRefused(codec, format) && !sent.has(codec))).toEqual([]);
  });

  describe(`what is published is in the ${format}`, () => {
    it.each(cells.map((cell) => ({ cell, names: cell.map(nameOf).join(', ') })))(
      '$names',
      async ({ cell }) => {
        const sent = await Promise.all(cell.map(({ codec }) => world.track(codec)));
        const messages = sent.map((track, index) => {
          const { kind } = CODECS[track.codec];
          const trackId = sent.slice(0, index).filter(({ codec }) => CODECS[codec].kind === kind).length;
          return messagesOf(track, cell[index]?.form ?? 'flv', trackId);
        });
        await expectTracks(await world.record(format, interleaved(messages)), format, sent);
      },
    );
  });
}

function nameOf({ codec, form }: SentTrack): string {
  return `${CODECS[codec].label}${form === 'enhanced' ? ' by FourCC' : ''}`;
}
