import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CODEC_NAMES, CODECS, fateOf } from './codecs.ts';
import type { CodecName } from './codecs.ts';
import { FORMAT_NAMES } from './formats.ts';

/** FFmpeg's decoders of each codec. */
const DECODERS: Readonly<Record<CodecName, readonly string[]>> = {
  avc: ['h264'],
  hevc: ['hevc'],
  av1: ['libaom_av1'],
  vp9: ['vp9'],
  vp8: ['vp8'],
  vvc: ['vvc'],
  h263: ['flv'],
  screen: ['flashsv', 'flashsv2'],
  vp6: ['vp6a', 'vp6f'],
  aac: ['aac'],
  opus: ['opus'],
  ac3: ['ac3'],
  eac3: ['eac3'],
  flac: ['flac'],
  mp3: ['mp3'],
  pcma: ['pcm_alaw'],
  pcmu: ['pcm_mulaw'],
  pcm: ['pcm_s16le', 'pcm_u8'],
  adpcm: ['adpcm_swf'],
  speex: ['speex'],
  nellymoser: ['nellymoser'],
};
const ENCODERS: Readonly<Partial<Record<CodecName, string>>> = {
  vp9: 'libvpx_vp9',
  opus: 'libopus',
  aac: 'aac',
};

/** A list that the script gives a name. */
function listIn(script: string, name: string): string[] {
  const list = new RegExp(`^${name}=(.*)$`, 'm').exec(script)?.[1];
  if (list === undefined) throw new Error(`the script has no ${name}`);
  return list.split(',').toSorted();
}

describe('build.sh', async () => {
  const script = await readFile(new URL('../ffmpeg/build.sh', import.meta.url), 'utf8');
  const fates = FORMAT_NAMES.flatMap((format) =>
    CODEC_NAMES.map((codec) => ({ codec, fate: fateOf(codec, format) })),
  );
  const encoded = CODEC_NAMES.filter((codec) =>
    fates.some((one) => one.codec === codec && one.fate.is === 'encoded'),
  );

  it.each(['audio', 'video'] as const)(
    'decodes the %s codecs that are encoded for some format, and no other',
    (kind) => {
      const decoders = encoded
        .filter((codec) => CODECS[codec].kind === kind)
        .flatMap((codec) => DECODERS[codec]);
      expect(listIn(script, `${kind}_decoders`)).toEqual(decoders.toSorted());
    },
  );

  it('encodes what they are encoded to, and nothing else', () => {
    const targets = new Set(fates.flatMap(({ fate }) => (fate.is === 'encoded' ? [fate.to] : [])));
    expect(listIn(script, 'encoders')).toEqual(
      [...targets].map((codec) => String(ENCODERS[codec])).toSorted(),
    );
  });
});
