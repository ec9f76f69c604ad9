import { open } from 'node:fs/promises';
import { FILE_HEADER_SIZE, fileHeader } from './flv.ts';
import { kindOf } from '../media/track.ts';
import { abortable } from '../support/abortable.ts';
import { pause } from '../support/pause.ts';
import type { Take } from './take.ts';

const CHUNK_BYTES = 512 * 1024;
/**
 * A reader that has caught up looks again after this long, in ms, unless the take ends: reading each batch, and waking
 * FFmpeg for it, would cost several times as much.
 */
export const GATHER_MS = 1000;

/**
 * The take as an FLV stream, from its beginning: what is there at once, then what is appended, until the take ends.
 * Begins once the tracks have settled, with a header that announces exactly those. Each chunk is whole bytes of the
 * file, not whole tags. Throws the signal's reason when it is aborted.
 */
export async function* followTake(take: Take, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  while (take.tracks === undefined) await abortable(take.changed(), signal);
  yield fileHeader(new Set([...take.tracks].map(kindOf)));
  yield* readBytes(take, FILE_HEADER_SIZE, signal);
}

/** The take's bytes from this position on, as they come, until the take ends. */
export async function* readBytes(
  take: Take,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  await using handle = await open(take.path, 'r');
  let position = from;
  while (true) {
    signal.throwIfAborted();
    if (position < take.size) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, take.size - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) throw new Error(`${take.path} is shorter than what was written to it`);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    } else if (take.ended) {
      return;
    } else {
      await pause(GATHER_MS, [take.endSignal, signal]);
    }
  }
}
