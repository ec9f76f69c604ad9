import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuzz, KEY } from './testing/fuzz.ts';
import {
  amf,
  chunksOf,
  command,
  connect,
  HANDSHAKE,
  INVOKE,
  message,
  publish,
  values,
} from './testing/messages.ts';

const MOST_BUFFER_BYTES = 256 * 1024 * 1024;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const recorded = await readFile(join(import.meta.dirname, 'testing/sessions/ffmpeg.rtmp'));

const interleaved = (one: readonly Buffer[], other: readonly Buffer[]): Buffer[] =>
  one.flatMap((chunk, index) => [chunk, ...other.slice(index, index + 1)]);

/** Chunks as they may come, and seldom do: see chunk-forms.ts of the conformance tests. */
const chunked = Buffer.concat([
  HANDSHAKE,
  connect(),
  command('createStream', 2, null),
  publish(KEY),
  ...interleaved(
    chunksOf(9, 0x0100_0000, Buffer.alloc(700, 0x17), { chunkStream: 320 }),
    chunksOf(8, 5, Buffer.alloc(300, 0xaf), { chunkStream: 64 }),
  ),
  ...chunksOf(9, 40, Buffer.alloc(700, 0x27), { chunkStream: 320, format: 1 }),
  ...chunksOf(8, 20, Buffer.alloc(300, 0xaf), { chunkStream: 64, format: 2 }),
  ...chunksOf(8, 0, Buffer.alloc(300, 0xaf), { chunkStream: 64, format: 3 }),
  ...chunksOf(9, 0x0100_0000, Buffer.alloc(400, 0x17), { chunkStream: 6, repeats: 'nothing' }),
  chunksOf(9, 0, Buffer.alloc(700, 0x17), { chunkStream: 7 })[0] ?? Buffer.alloc(0),
  message(2, 0, Buffer.from([0, 0, 0, 7]), 2),
  ...chunksOf(9, 0, Buffer.alloc(300, 0x17), { chunkStream: 7, chunkSize: [128, 50] }).slice(0, 1),
  message(1, 0, Buffer.from([0, 0, 0, 50]), 2),
  ...chunksOf(9, 0, Buffer.alloc(300, 0x17), { chunkStream: 7, chunkSize: [128, 50] }).slice(1),
  ...chunksOf(4, 0, Buffer.from([0, 6, 1, 2, 3, 4]), { chunkStream: 2, chunkSize: 50 }),
]);

/** Commands of all kinds, and publishing again and again. */
const commands = Buffer.concat([
  HANDSHAKE,
  connect(),
  ...['releaseStream', 'FCPublish', 'createStream', 'getStreamLength', 'makeCoffee'].map((name, index) =>
    command(name, index + 2, null, KEY),
  ),
  message(17, 0, Buffer.concat([Buffer.from([0]), values('createStream', 8), Buffer.from([0x11, 1])])),
  ...['deleteStream', 'FCUnpublish', 'closeStream', 'publish'].flatMap((name) => [
    publish(KEY),
    message(8, 10, Buffer.alloc(40, 0xaf), 4),
    command(name, 9, null),
  ]),
  message(17, 0, Buffer.from([0, 2, 0, 1, 0x61, 0x11, 0x0a, 0x1b, 1, 3, 0x61, 4, 7, 1])),
  publish(KEY),
  publish(KEY),
  message(9, 20, Buffer.alloc(40, 0x17), 6),
]);

/** What FFmpeg does not send: aggregates, large objects, long times, other chunk streams. */
const handMade = Buffer.concat([
  HANDSHAKE,
  connect(),
  message(INVOKE, 0, Buffer.concat([amf('releaseStream'), amf(2), amf(null), amf(KEY)])),
  message(INVOKE, 0, Buffer.concat([amf('createStream'), amf(4), amf({ a: 'b', c: 'd' })])),
  publish(KEY),
  message(8, 0xfffffff0, Buffer.alloc(40, 0xaf), 4),
  message(9, 0xfffffff0, Buffer.alloc(900, 0x17), 6),
  message(22, 20, Buffer.concat([Buffer.from([8, 0, 0, 4, 0, 0, 9, 0, 0, 0, 0]), Buffer.alloc(8)]), 5),
  message(1, 0, Buffer.from([0, 0, 0, 200]), 2),
  message(17, 0, Buffer.concat([Buffer.from([0]), amf('FCPublish'), amf(3), amf(null), amf(KEY)])),
]);

describe('mutated sessions', () => {
  it.each([
    { what: 'recorded from FFmpeg', session: recorded },
    { what: 'made by hand', session: handMade },
    { what: 'chunks of all kinds', session: chunked },
    { what: 'commands of all kinds', session: commands },
  ])(
    'never crash, and never get media past the key: $what',
    ({ session }) => {
      const outcome = fuzz(session, numbers(2000));
      // Some come through, or the mutations test nothing but the first check.
      expect(outcome.published).toBeGreaterThan(100);
      expect(outcome.refused).toBeGreaterThan(100);
      expect(outcome.mediaBytes).toBeGreaterThan(0);
      expect(outcome.peakBufferBytes).toBeLessThan(MOST_BUFFER_BYTES);
    },
    120_000,
  );
});
