import { describe, expect, it } from 'vitest';
import type { TrackConfig } from '../../media/track.ts';
import { sampleEntry } from './sample-entry.ts';

const NOTHING = '';

function entryOf(codec: TrackConfig['codec'], record: string, frame = NOTHING) {
  const config: TrackConfig = { track: 'video:0', codec, record: Buffer.from(record, 'hex') };
  return sampleEntry(config, Buffer.from(frame, 'hex'));
}

/** As FFmpeg's encoders have made them. */
const PICTURES = [
  {
    what: 'H.264, cropped',
    codec: 'avc',
    record: '0142c028ffe1001a6742c028da01e0089ea6c044000003000400000300783c60ca8001000468ce0fc8',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'H.264 of high profile',
    codec: 'avc',
    record:
      '01640028ffe1001b67640028acd940780227a9b0110000030001000003001e0f18319601000668ebe3cb22c0fdf8f800',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'H.264 with all colours',
    codec: 'avc',
    record: '01f40028ffe1001a67f40028919680780227b8bc0440000003004000000783c60ca801000568ce0f1920fff8f800',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'H.264, interlaced',
    codec: 'avc',
    record: '014d4016ffe10018674d4016f405a127eb011000000300200000030321f142aa01000468de0fc8',
    size: { width: 720, height: 572 },
  },
  {
    what: 'HEVC',
    codec: 'hevc',
    record:
      '01016000000090000000000078f000fcfdf8f800000f01a10001002c420101016000000300900000030000030078a003c0801107536595952930bc05a020000003002000000301e1',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'AV1',
    codec: 'av1',
    record: '81080c000a0b00000042abbec3576be401',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'AV1 whose frames say it',
    codec: 'av1',
    record: '81080c00',
    frame: '12000a0b00000042abbec3576be401',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'VP8',
    codec: 'vp8',
    record: NOTHING,
    frame: 'b07b029d012a7e0736040b0708858588',
    size: { width: 1918, height: 1078 },
  },
  {
    what: 'VP9',
    codec: 'vp9',
    record: NOTHING,
    frame: '824983420077d043560638241c184a18',
    size: { width: 1918, height: 1078 },
  },
] as const;

describe('the size of a picture', () => {
  it.each(PICTURES)('is known: $what', ({ codec, record, size, ...more }) => {
    expect(entryOf(codec, record, 'frame' in more ? more.frame : NOTHING)).toMatchObject(size);
  });

  it.each(PICTURES)('is not, where the bytes end too early: $what', ({ codec, record, ...more }) => {
    const frame = 'frame' in more ? more.frame : NOTHING;
    expect(entryOf(codec, record.slice(0, 20), frame.slice(0, 8))).toBeUndefined();
  });

  it('is not known before the first key frame where only frames say it', () => {
    for (const codec of ['vp8', 'vp9'] as const) expect(entryOf(codec, NOTHING)).toBeUndefined();
    // Frames that show something else, or change what is shown.
    expect(entryOf('vp9', NOTHING, '864983420077d043560638')).toBeUndefined();
    expect(entryOf('vp8', NOTHING, 'b17b029d012a7e07360400')).toBeUndefined();
  });
});

describe('how sound is coded', () => {
  it.each([
    { what: 'AAC', codec: 'aac', record: '1190', is: { rate: 48_000, channels: 2, frameSamples: 1024 } },
    { what: 'AAC of its own rate', codec: 'aac', record: '1780562c08', is: { rate: 44_120, channels: 1 } },
    {
      what: 'Opus',
      codec: 'opus',
      record: '4f707573486561640102380180bb0000000000',
      is: { rate: 48_000, channels: 2 },
    },
    {
      what: 'MP3',
      codec: 'mp3',
      record: NOTHING,
      frame: 'fffb9064',
      is: { rate: 44_100, channels: 2, frameSamples: 1152 },
    },
    {
      what: 'MP3 of half the rate',
      codec: 'mp3',
      record: NOTHING,
      frame: 'fff340c4',
      is: { rate: 22_050, channels: 1, frameSamples: 576 },
    },
    {
      what: 'AC-3 5.1',
      codec: 'ac3',
      record: NOTHING,
      frame: '0b77d0b31e40e1df',
      is: { rate: 48_000, channels: 6, frameSamples: 1536 },
    },
    {
      what: 'FLAC',
      codec: 'flac',
      record: `000000221200120000000e0010000bb802f0${'00'.repeat(20)}`,
      is: { rate: 48_000, channels: 2, frameSamples: 4608 },
    },
  ] as const)('is known: $what', ({ codec, record, is, ...more }) => {
    const frame = 'frame' in more ? more.frame : NOTHING;
    expect(entryOf(codec, record, frame)).toMatchObject({ kind: 'audio', ...is });
    expect(entryOf(codec, record.slice(0, 2), frame.slice(0, 4))).toBeUndefined();
  });
});

it('has no entry for what MP4 has no name for', () => {
  for (const codec of ['vp6', 'screen', 'h263'] as const) expect(entryOf(codec, '00', '00')).toBeUndefined();
});
