import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuzz, KEY } from './testing/fuzz.ts';
import { amf, connect, HANDSHAKE, INVOKE, message, publish } from './testing/messages.ts';

const MOST_BUFFER_BYTES = 256 * 1024 * 1024;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const recorded = await readFile(join(import.meta.dirname, 'testing/sessions/ffmpeg.rtmp'));

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
