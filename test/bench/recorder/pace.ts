import { setTimeout as sleep } from 'node:timers/promises';

/** Bytes that are let through at a time: a small part of a second of media. */
const PIECE_BYTES = 16 * 1024;
/** Waits that are shorter than this, in ms, are left to the next piece. */
const LEAST_WAIT_MS = 5;

export interface Pace {
  /** Of the media, from its beginning to its end. */
  readonly bytes: number;
  readonly seconds: number;
  /** How many times faster than real time it goes. */
  readonly speed: number;
  /** So much at the end goes in real time, in s. */
  readonly realTimeSeconds: number;
}

/** When a byte is due, in s from the first one's. */
export function dueAt(position: number, { bytes, seconds, speed, realTimeSeconds }: Pace): number {
  const bytesPerSecond = bytes / seconds;
  const turn = Math.max(0, bytes - realTimeSeconds * bytesPerSecond);
  const fast = Math.min(position, turn) / bytesPerSecond / speed;
  return fast + Math.max(0, position - turn) / bytesPerSecond;
}

/** Lets media of a steady bitrate through when it is due. */
export async function* paced(
  media: AsyncIterable<Buffer>,
  pace: Pace,
): AsyncGenerator<Buffer, void, undefined> {
  const began = performance.now();
  let position = 0;
  for await (const chunk of media) {
    for (let offset = 0; offset < chunk.length; offset += PIECE_BYTES) {
      const waitMs = dueAt(position, pace) * 1000 - (performance.now() - began);
      if (waitMs >= LEAST_WAIT_MS) await sleep(waitMs);
      const piece = chunk.subarray(offset, offset + PIECE_BYTES);
      position += piece.length;
      yield piece;
    }
  }
}
