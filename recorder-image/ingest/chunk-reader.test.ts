import { describe, expect, it } from 'vitest';
import { ChunkReader } from './chunk-reader.ts';
import { chunksOf, message } from './testing/messages.ts';

const AUDIO = 8;
const VIDEO = 9;
const SET_CHUNK_SIZE = 1;
const ABORT = 2;
const LIMITS = { messageBytes: 0xff_ffff, chunkStreams: 100, heldBytes: 64 * 1024 * 1024 };

interface Read {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: string;
}

function reader(limits = LIMITS): { chunks: ChunkReader; read: Read[] } {
  const read: Read[] = [];
  const chunks = new ChunkReader(limits, ({ type, timestamp, payload }) =>
    read.push({ type, timestamp, payload: payload.toString('latin1') }),
  );
  return { chunks, read };
}

/** What is read of the bytes, which is the same whatever pieces they come in. */
function readAll(...bytes: readonly Buffer[]): Read[] {
  const all = Buffer.concat(bytes);
  const whole = reader();
  whole.chunks.read(all);
  for (const size of [1, 2, 3, 7, 130]) {
    const pieces = reader();
    for (let at = 0; at < all.length; at += size) pieces.chunks.read(all.subarray(at, at + size));
    expect(pieces.read).toEqual(whole.read);
  }
  return whole.read;
}

const text = (length: number, letter: string): Buffer => Buffer.alloc(length, letter);
const control = (type: number, value: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return message(type, 0, payload, 2);
};
const timesOf = (read: readonly Read[]): number[] => read.map(({ timestamp }) => timestamp);

describe('the messages of an RTMP connection', () => {
  it.each([
    { what: 'one byte', ids: [3, 63] },
    { what: 'two bytes', ids: [64, 319] },
    { what: 'three bytes', ids: [320, 65_599] },
    { what: 'one and three bytes, which end alike', ids: [5, 69] },
  ])(
    'are put together from interleaved chunks whose chunk stream takes $what',
    ({ ids: [one = 0, two = 0] }) => {
      const picture = chunksOf(VIDEO, 40, text(700, 'v'), { chunkStream: one });
      const sound = chunksOf(AUDIO, 41, text(300, 'a'), { chunkStream: two });
      const mixed = picture.flatMap((chunk, index) => [chunk, sound[index] ?? Buffer.alloc(0)]);
      expect(readAll(...mixed)).toEqual([
        { type: AUDIO, timestamp: 41, payload: 'a'.repeat(300) },
        { type: VIDEO, timestamp: 40, payload: 'v'.repeat(700) },
      ]);
    },
  );

  it('are told apart where two of three bytes of their chunk streams add up to the same', () => {
    const one = chunksOf(VIDEO, 1, text(200, '1'), { chunkStream: 64 + 1 + 2 * 256 });
    const two = chunksOf(VIDEO, 2, text(200, '2'), { chunkStream: 64 + 2 + 1 * 256 });
    const mixed = one.flatMap((chunk, index) => [chunk, two[index] ?? Buffer.alloc(0)]);
    expect(readAll(...mixed).map(({ payload }) => payload)).toEqual(['1'.repeat(200), '2'.repeat(200)]);
  });

  it('may have another chunk size from the middle of one of them on', () => {
    const [first = Buffer.alloc(0), ...others] = chunksOf(VIDEO, 0, text(700, 'v'), {
      chunkStream: 6,
      chunkSize: [128, 50, 300],
    });
    const [second = Buffer.alloc(0), ...rest] = others;
    const read = readAll(first, control(SET_CHUNK_SIZE, 50), second, control(SET_CHUNK_SIZE, 300), ...rest);
    expect(read).toEqual([{ type: VIDEO, timestamp: 0, payload: 'v'.repeat(700) }]);
  });

  it('are thrown away where the client aborts them, and those that follow are whole', () => {
    const [begun = Buffer.alloc(0)] = chunksOf(VIDEO, 0, text(700, 'x'), { chunkStream: 70 });
    const sound = message(AUDIO, 5, text(200, 'a'), 4);
    const next = chunksOf(VIDEO, 40, text(300, 'v'), { chunkStream: 70, format: 1 });
    expect(readAll(begun, sound, control(ABORT, 70), ...next)).toEqual([
      { type: AUDIO, timestamp: 5, payload: 'a'.repeat(200) },
      { type: VIDEO, timestamp: 40, payload: 'v'.repeat(300) },
    ]);
  });

  it('are not lost where what is aborted has not begun', () => {
    expect(readAll(control(ABORT, 4), control(ABORT, 99), message(AUDIO, 5, text(10, 'a'), 4))).toHaveLength(
      1,
    );
  });

  it('may be empty', () => {
    const none = Buffer.alloc(0);
    const read = readAll(
      message(AUDIO, 7, none, 4),
      ...chunksOf(AUDIO, 0, none, { chunkStream: 4, format: 3 }),
    );
    expect(read.map(({ payload }) => payload)).toEqual(['', '']);
  });

  it('may repeat their header in the middle', () => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = chunksOf(VIDEO, 40, text(200, 'v'));
    const header = first.subarray(0, 12);
    expect(readAll(first, header, second.subarray(1))).toEqual([
      { type: VIDEO, timestamp: 40, payload: 'v'.repeat(200) },
    ]);
  });

  it('are handed on where they lie when they come in one piece, and are copied once when not', () => {
    const seen: Buffer[] = [];
    const chunks = new ChunkReader(LIMITS, ({ payload }) => seen.push(payload));
    const whole = message(VIDEO, 0, text(100, 'v'));
    chunks.read(whole);
    expect(seen[0]?.buffer).toBe(whole.buffer);
    for (const chunk of chunksOf(VIDEO, 0, text(400, 'v'))) chunks.read(chunk);
    for (const chunk of chunksOf(VIDEO, 0, text(300, 'w'))) chunks.read(chunk);
    // In a buffer that is used again.
    expect(seen[1]?.buffer).toBe(seen[2]?.buffer);
  });
});

describe('the time of a message', () => {
  const late = 0x0100_0000;

  it('is the one before it and a difference, which the next may leave out', () => {
    const options = { chunkStream: 4 };
    const payload = text(10, 'a');
    const read = readAll(
      ...chunksOf(AUDIO, 1000, payload, options),
      ...chunksOf(AUDIO, 20, payload, { ...options, format: 1 }),
      ...chunksOf(AUDIO, 21, payload, { ...options, format: 2 }),
      ...chunksOf(AUDIO, 0, payload, { ...options, format: 3 }),
      ...chunksOf(AUDIO, 0, payload, { ...options, format: 3 }),
    );
    expect(timesOf(read)).toEqual([1000, 1020, 1041, 1062, 1083]);
  });

  it('counts as difference as well, where the message behind a full header leaves it out', () => {
    const payload = text(10, 'a');
    const read = readAll(...chunksOf(AUDIO, 23, payload), ...chunksOf(AUDIO, 0, payload, { format: 3 }));
    expect(timesOf(read)).toEqual([23, 46]);
  });

  it('wraps at 32 bits, whichever way it is told', () => {
    const payload = text(10, 'a');
    const read = readAll(
      ...chunksOf(AUDIO, 2 ** 32 - 10, payload),
      ...chunksOf(AUDIO, 30, payload, { format: 2 }),
      // A difference of 32 bits that leads back.
      ...chunksOf(AUDIO, 2 ** 32 - 15, payload, { format: 2 }),
    );
    expect(timesOf(read)).toEqual([2 ** 32 - 10, 20, 5]);
  });

  it.each(['field', 'nothing'] as const)(
    'is understood when it is extended, and the chunks that go on with the message repeat %s of it',
    (repeats) => {
      const options = { chunkStream: 6, repeats };
      const read = readAll(
        ...chunksOf(VIDEO, late, text(700, 'v'), options),
        ...chunksOf(VIDEO, late + 40, text(130, 'w'), options),
        ...chunksOf(VIDEO, 40, text(300, 'x'), { ...options, format: 1 }),
      );
      expect(read).toEqual([
        { type: VIDEO, timestamp: late, payload: 'v'.repeat(700) },
        { type: VIDEO, timestamp: late + 40, payload: 'w'.repeat(130) },
        { type: VIDEO, timestamp: late + 80, payload: 'x'.repeat(300) },
      ]);
    },
  );

  it('is understood when a difference is extended, and repeated as the time that it stands for', () => {
    const [first = Buffer.alloc(0), ...others] = chunksOf(VIDEO, late, text(300, 'v'), { format: 1 });
    const absolute = Buffer.alloc(4);
    absolute.writeUInt32BE(late + 100);
    const again = others.map((chunk) => Buffer.concat([chunk.subarray(0, 1), absolute, chunk.subarray(5)]));
    const read = readAll(...chunksOf(VIDEO, 100, text(10, 'u')), first, ...again);
    expect(read[1]).toEqual({ type: VIDEO, timestamp: late + 100, payload: 'v'.repeat(300) });
  });

  it('is not looked for in a payload that begins as it does, by a client that is known to leave it out', () => {
    const options = { repeats: 'nothing', chunkSize: 128 } as const;
    const payload = text(300, 'v');
    payload.writeUInt32BE(late, 128);
    const read = readAll(
      ...chunksOf(VIDEO, late, text(300, 'u'), options),
      ...chunksOf(VIDEO, late, payload, options),
    );
    expect(read[1]?.payload).toBe(payload.toString('latin1'));
  });

  it('is left out of a chunk that has less than four bytes left', () => {
    const options = { repeats: 'nothing' } as const;
    const short = chunksOf(VIDEO, late, text(129, 'v'), options);
    const read = readAll(...short, ...chunksOf(VIDEO, 1, text(10, 'w'), { format: 1 }));
    expect(read.map(({ payload }) => payload)).toEqual(['v'.repeat(129), 'w'.repeat(10)]);
  });
});

describe('a reader of chunks', () => {
  it('hands nothing on while it is suspended, and then all of it, in order', () => {
    const read: number[] = [];
    const chunks: ChunkReader = new ChunkReader(LIMITS, ({ timestamp }) => {
      read.push(timestamp);
      if (timestamp === 1 || timestamp === 3) chunks.suspend();
    });
    const at = (time: number): Buffer => message(AUDIO, time, text(10, 'a'));
    chunks.read(Buffer.concat([at(1), at(2)]));
    chunks.read(Buffer.concat([at(3), at(4)]));
    expect(read).toEqual([1]);
    chunks.resume();
    expect(read).toEqual([1, 2, 3]);
    chunks.read(at(5));
    expect(read).toEqual([1, 2, 3]);
    chunks.resume();
    expect(read).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    { what: 'a chunk size of nothing', bytes: control(SET_CHUNK_SIZE, 0) },
    { what: 'a chunk size of 32 bits', bytes: control(SET_CHUNK_SIZE, 0x8000_0000) },
    { what: 'a control message cut short', bytes: message(SET_CHUNK_SIZE, 0, Buffer.alloc(2), 2) },
    { what: 'a chunk stream that begins without a header', bytes: Buffer.from([0xc5, 1, 2, 3]) },
    {
      what: 'a message that changes its length halfway',
      bytes: Buffer.concat([
        message(VIDEO, 0, text(300, 'v')).subarray(0, 140),
        ...chunksOf(VIDEO, 0, text(299, 'v'), { format: 1 }),
      ]),
    },
  ])('refuses $what', ({ bytes }) => {
    expect(() => reader().chunks.read(bytes)).toThrow(expect.objectContaining({ name: 'RtmpProtocolError' }));
  });

  it('keeps to its limits: of a message, of chunk streams, of what is unfinished', () => {
    const limits = { messageBytes: 1000, chunkStreams: 4, heldBytes: 2500 };
    expect(() => reader(limits).chunks.read(message(VIDEO, 0, text(1001, 'v')))).toThrow('1001 bytes');
    const streams = reader(limits);
    for (const stream of [3, 4, 5, 6]) streams.chunks.read(message(VIDEO, 0, text(1, 'v'), stream));
    expect(() => streams.chunks.read(message(VIDEO, 0, text(1, 'v'), 7))).toThrow('chunk streams');
    const open = reader(limits);
    const begin = (stream: number): void =>
      open.chunks.read(message(VIDEO, 0, text(1000, 'v'), stream).subarray(0, 140));
    begin(3);
    begin(4);
    expect(() => begin(5)).toThrow('unfinished messages');
  });

  it('counts no buffers against its limit that wait for no message', () => {
    const { chunks, read } = reader({ ...LIMITS, heldBytes: 2500 });
    for (const stream of [3, 4, 5, 6]) chunks.read(message(VIDEO, 0, text(1000, 'v'), stream));
    expect(read).toHaveLength(4);
  });
});
