import { describe, expect, it } from 'vitest';
import { readMessage } from './flv-packets.ts';
import type { MediaKind, MessageContent } from './track.ts';

type Part = string | number | readonly number[];

/** Text is ASCII, as FourCCs are. */
function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part].flat()))),
  );
}

function read(kind: MediaKind, ...parts: readonly Part[]): MessageContent {
  return readMessage({ kind, timestampMs: 1000, payload: bytes(...parts) });
}

/** What a message brings, in words: easier to compare than objects with bytes in them. */
function told({ configs, packets, unknown }: MessageContent): string[] {
  return [
    ...configs.map(({ track, codec, record }) => `${track} ${codec} config ${record.toString('hex')}`),
    ...packets.map(({ track, codec, dtsMs, ptsMs, isKeyFrame, payload }) => {
      const times = `${dtsMs}${ptsMs === dtsMs ? '' : `/${ptsMs}`}`;
      return `${track} ${codec} ${isKeyFrame ? 'key' : 'frame'} ${times} ${payload.toString('hex')}`;
    }),
    ...unknown.map(({ track, name }) => `${track} unknown ${name}`),
  ];
}

const SINT24 = { plus40: [0, 0, 40], minus40: [0xff, 0xff, 0xd8] };

describe('audio of FLV', () => {
  it.each([
    { what: 'an AAC configuration', message: [0xaf, 0, 0x12, 0x10], says: ['audio:0 aac config 1210'] },
    { what: 'an AAC frame', message: [0xaf, 1, 0x21, 0x22], says: ['audio:0 aac key 1000 2122'] },
    { what: 'an AAC message of another kind', message: [0xaf, 2, 0x21], says: [] },
    { what: 'an empty AAC configuration', message: [0xaf, 0], says: [] },
    { what: 'an empty AAC frame', message: [0xaf, 1], says: [] },
    { what: 'nothing but a header', message: [0x2f], says: [] },
    { what: 'no byte', message: [], says: [] },
  ])('reads $what', ({ message, says }) => {
    expect(told(read('audio', message))).toEqual(says);
  });

  it.each([
    { format: 0, codec: 'pcm' },
    { format: 1, codec: 'adpcm' },
    { format: 2, codec: 'mp3' },
    { format: 3, codec: 'pcm' },
    { format: 4, codec: 'nellymoser' },
    { format: 5, codec: 'nellymoser' },
    { format: 6, codec: 'nellymoser' },
    { format: 7, codec: 'pcma' },
    { format: 8, codec: 'pcmu' },
    { format: 11, codec: 'speex' },
    { format: 14, codec: 'mp3' },
  ])('takes format $format for $codec, announced by the byte that says so', ({ format, codec }) => {
    const header = (format << 4) | 0b1110;
    expect(told(read('audio', header, [7, 8]))).toEqual([
      `audio:0 ${codec} config ${header.toString(16).padStart(2, '0')}`,
      `audio:0 ${codec} key 1000 0708`,
    ]);
  });

  it('names a format that it does not know', () => {
    expect(told(read('audio', 0xf0, [1]))).toEqual(['audio:0 unknown FLV audio format 15']);
  });
});

describe('video of FLV', () => {
  it.each([
    { what: 'an AVC configuration', message: [0x17, 0, 0, 0, 9, 1, 2], says: ['video:0 avc config 0102'] },
    { what: 'an AVC key frame', message: [0x17, 1, 0, 0, 0, 5], says: ['video:0 avc key 1000 05'] },
    {
      what: 'an AVC frame shown later',
      message: [0x27, 1, ...SINT24.plus40, 5],
      says: ['video:0 avc frame 1000/1040 05'],
    },
    {
      what: 'an AVC frame shown earlier',
      message: [0x27, 1, ...SINT24.minus40, 5],
      says: ['video:0 avc frame 1000/960 05'],
    },
    { what: 'the end of an AVC sequence', message: [0x17, 2, 0, 0, 0], says: [] },
    { what: 'an AVC frame without a byte of content', message: [0x17, 1, 0, 0, 0], says: [] },
    { what: 'an AVC frame cut short', message: [0x17, 1, 0], says: [] },
    {
      what: 'an HEVC configuration under the number 12',
      message: [0x1c, 0, 0, 0, 0, 1],
      says: ['video:0 hevc config 01'],
    },
    {
      what: 'an HEVC frame under the number 12',
      message: [0x2c, 1, ...SINT24.plus40, 5],
      says: ['video:0 hevc frame 1000/1040 05'],
    },
    { what: 'a seek command', message: [0x57, 0], says: [] },
    {
      what: 'Sorenson H.263',
      message: [0x12, 5],
      says: ['video:0 h263 config ', 'video:0 h263 key 1000 05'],
    },
    {
      what: 'Screen Video',
      message: [0x13, 5],
      says: ['video:0 screen config ', 'video:0 screen key 1000 05'],
    },
    {
      what: 'Screen Video 2',
      message: [0x26, 5],
      says: ['video:0 screen config ', 'video:0 screen frame 1000 05'],
    },
    { what: 'VP6', message: [0x14, 0, 5], says: ['video:0 vp6 config ', 'video:0 vp6 key 1000 0005'] },
    {
      what: 'VP6 with alpha',
      message: [0x25, 0, 5],
      says: ['video:0 vp6 config ', 'video:0 vp6 frame 1000 0005'],
    },
    { what: 'an unknown codec', message: [0x19, 0, 5], says: ['video:0 unknown FLV video codec 9'] },
    { what: 'no byte', message: [], says: [] },
  ])('reads $what', ({ message, says }) => {
    expect(told(read('video', message))).toEqual(says);
  });
});

describe('video of Enhanced RTMP', () => {
  it.each([
    { fourCc: 'avc1', codec: 'avc' },
    { fourCc: 'hvc1', codec: 'hevc' },
    { fourCc: 'vvc1', codec: 'vvc' },
  ])('reads $fourCc, whose frames have a composition time or go without', ({ fourCc, codec }) => {
    expect(told(read('video', 0x90, fourCc, [1, 2]))).toEqual([`video:0 ${codec} config 0102`]);
    expect(told(read('video', 0x91, fourCc, SINT24.minus40, 5))).toEqual([
      `video:0 ${codec} key 1000/960 05`,
    ]);
    expect(told(read('video', 0xa3, fourCc, 5))).toEqual([`video:0 ${codec} frame 1000 05`]);
    expect(told(read('video', 0xa1, fourCc, [0, 0]))).toEqual([]);
    expect(told(read('video', 0x92, fourCc))).toEqual([]);
  });

  it.each([
    { fourCc: 'av01', codec: 'av1' },
    { fourCc: 'vp09', codec: 'vp9' },
    { fourCc: 'vp08', codec: 'vp8' },
  ])('reads $fourCc, whose frames have no composition time', ({ fourCc, codec }) => {
    expect(told(read('video', 0x90, fourCc, [1, 2]))).toEqual([`video:0 ${codec} config 0102`]);
    expect(told(read('video', 0xa1, fourCc, [0, 0, 40, 5]))).toEqual([
      `video:0 ${codec} frame 1000 00002805`,
    ]);
    expect(told(read('video', 0xa3, fourCc, 5))).toEqual([`video:0 ${codec} frame 1000 05`]);
  });

  it('leaves out version and flags that some put before the record of VP9', () => {
    const record = [0, 31, 0x82, 2, 2, 2, 0, 0];
    const plain = told(read('video', 0x90, 'vp09', record));
    expect(told(read('video', 0x90, 'vp09', [1, 0, 0, 0], record))).toEqual(plain);
  });

  it('finds the record in the MPEG-2 TS descriptor of AV1', () => {
    expect(told(read('video', 0x95, 'av01', [0x80, 4, 0x81, 5, 0x0c, 0]))).toEqual([
      'video:0 av1 config 81050c00',
    ]);
    expect(told(read('video', 0x95, 'av01', [0x80, 4, 0x81]))).toEqual([]);
  });

  it.each([
    { what: 'HDR metadata', message: bytes(0x94, 'hvc1', [2, 0, 9]) },
    { what: 'a seek command', message: bytes(0xd1, [0], 'hvc1') },
    { what: 'a codec cut short', message: bytes(0x91, 'hv') },
    { what: 'a start without content', message: bytes(0x90, 'hvc1') },
    { what: 'nothing but a header', message: bytes(0x91) },
  ])('finds nothing to keep in $what', ({ message }) => {
    expect(told(read('video', [...message]))).toEqual([]);
  });

  it('names a codec that it does not know, printably', () => {
    expect(told(read('video', 0x91, 'xvid', 5))).toEqual(['video:0 unknown xvid']);
    expect(told(read('video', 0x91, [0, 10, 255, 65], 5))).toEqual(['video:0 unknown 0x000aff41']);
  });

  it('skips what modifies a packet, however long', () => {
    const nanoseconds = [2, 0, 0, 9];
    expect(told(read('video', 0x97, nanoseconds, 0x03, 'hvc1', 5))).toEqual(['video:0 hevc key 1000 05']);
    const twice = [...nanoseconds, 0x07, ...nanoseconds, 0x03];
    expect(told(read('video', 0x97, twice, 'hvc1', 5))).toEqual(['video:0 hevc key 1000 05']);
    const long = [255, 0x01, 0x00, ...Array.from({ length: 257 }, () => 0)];
    expect(told(read('video', 0x97, long, 0x13, 'hvc1', 5))).toEqual(['video:0 hevc key 1000 05']);
    expect(told(read('video', 0x97, 200, 'hvc1'))).toEqual([]);
    expect(told(read('video', 0x97, 255, 1))).toEqual([]);
    expect(told(read('video', 0x97))).toEqual([]);
  });
});

describe('audio of Enhanced RTMP', () => {
  it.each([
    { fourCc: 'Opus', codec: 'opus' },
    { fourCc: 'mp4a', codec: 'aac' },
    { fourCc: 'fLaC', codec: 'flac' },
  ])('reads $fourCc, which is announced', ({ fourCc, codec }) => {
    expect(told(read('audio', 0x90, fourCc, [1, 2]))).toEqual([`audio:0 ${codec} config 0102`]);
    expect(told(read('audio', 0x91, fourCc, [5]))).toEqual([`audio:0 ${codec} key 1000 05`]);
    expect(told(read('audio', 0x92, fourCc))).toEqual([]);
    expect(told(read('audio', 0x94, fourCc, [1, 2]))).toEqual([]);
  });

  it.each([
    { fourCc: 'ac-3', codec: 'ac3' },
    { fourCc: 'ec-3', codec: 'eac3' },
    { fourCc: '.mp3', codec: 'mp3' },
  ])('reads $fourCc, whose frames say everything', ({ fourCc, codec }) => {
    expect(told(read('audio', 0x90, fourCc, [1, 2]))).toEqual([]);
    expect(told(read('audio', 0x91, fourCc, [5]))).toEqual([
      `audio:0 ${codec} config `,
      `audio:0 ${codec} key 1000 05`,
    ]);
  });

  it('leaves out the marker of a FLAC file', () => {
    expect(told(read('audio', 0x90, 'fLaC', 'fLaC', [0x80, 0, 0, 34]))).toEqual([
      'audio:0 flac config 80000022',
    ]);
  });
});

describe('several tracks in one message', () => {
  it('reads one that is not the first', () => {
    expect(told(read('audio', 0x95, 0x00, 'mp4a', 1, [0x12, 0x10]))).toEqual(['audio:1 aac config 1210']);
    expect(told(read('audio', 0x95, 0x01, 'mp4a', 1, [5]))).toEqual(['audio:1 aac key 1000 05']);
    expect(told(read('video', 0x96, 0x01, 'avc1', 2, SINT24.plus40, 5))).toEqual([
      'video:2 avc key 1000/1040 05',
    ]);
  });

  it('reads many of one codec', () => {
    expect(told(read('audio', 0x95, 0x11, 'Opus', 0, [0, 0, 2], [1, 2], 3, [0, 0, 1], [9]))).toEqual([
      'audio:0 opus key 1000 0102',
      'audio:3 opus key 1000 09',
    ]);
  });

  it('reads many of many codecs', () => {
    const first = bytes('Opus', 0, [0, 0, 1], [1]);
    const second = bytes('xxxx', 1, [0, 0, 1], [2]);
    const third = bytes('ac-3', 2, [0, 0, 1], [3]);
    expect(told(read('audio', 0x95, 0x21, [...first, ...second, ...third]))).toEqual([
      'audio:2 ac3 config ',
      'audio:0 opus key 1000 01',
      'audio:2 ac3 key 1000 03',
      'audio:1 unknown xxxx',
    ]);
  });

  it('keeps what is whole before one that is cut short', () => {
    expect(told(read('audio', 0x95, 0x11, 'Opus', 0, [0, 0, 1], [1], 1, [0, 0, 9], [9]))).toEqual([
      'audio:0 opus key 1000 01',
    ]);
  });

  it('finds nothing in a layout that there is none of', () => {
    expect(told(read('audio', 0x95, 0x31, 'Opus', 0, [1]))).toEqual([]);
    expect(told(read('audio', 0x95))).toEqual([]);
    expect(told(read('audio', 0x95, 0x21, 'Op'))).toEqual([]);
  });

  it('reads them behind what modifies the packet', () => {
    expect(told(read('audio', 0x97, [2, 0, 0, 9], 0x05, 0x01, 'Opus', 1, [5]))).toEqual([
      'audio:1 opus key 1000 05',
    ]);
  });
});

it('takes parts of the message and copies none of it', () => {
  const payload = bytes(0x91, 'hvc1', [0, 0, 0, 1, 2, 3]);
  const [packet] = readMessage({ kind: 'video', timestampMs: 0, payload }).packets;
  payload[8] = 77;
  expect(packet?.payload[0]).toBe(77);
});
