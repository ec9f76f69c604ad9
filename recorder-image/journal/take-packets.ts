import { open } from 'node:fs/promises';
import type { Format } from '../contract/formats.ts';
import { acceptedContent } from '../media/accepted-content.ts';
import { readMessage } from '../media/flv-packets.ts';
import type { Packet } from '../media/track.ts';
import { pause } from '../support/pause.ts';
import { FILE_HEADER_SIZE } from './flv.ts';
import { GATHER_MS } from './follow-take.ts';
import { readWholeTags } from './recovery.ts';
import type { Take } from './take.ts';

const CHUNK_BYTES = 256 * 1024;

/** What is in the take's file is no journal. */
export class JournalError extends Error {
  readonly code = 'JournalBroken';
  override readonly name = 'JournalError';
}

/**
 * The take's packets that a file of this format holds, from its beginning, as they come, until it ends: some hundred KiB
 * of them at a time, which are good only until the next ones are asked for. Throws {@link JournalError}, or the signal's reason when it is aborted.
 */
export async function* takePackets(
  take: Take,
  format: Format,
  signal: AbortSignal,
): AsyncGenerator<readonly Packet[], void, undefined> {
  await using handle = await open(take.path, 'r');
  let buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let position = FILE_HEADER_SIZE;
  while (true) {
    signal.throwIfAborted();
    const left = take.size - position;
    if (left > 0) {
      const wanted = Math.min(buffer.length, left);
      const { bytesRead } = await handle.read(buffer, 0, wanted, position);
      const packets: Packet[] = [];
      const { consumed, needed } = readWholeTags(buffer.subarray(0, bytesRead), ({ track: kind, ...tag }) => {
        packets.push(...acceptedContent(readMessage({ kind, ...tag }), format).packets);
      });
      position += consumed;
      if (consumed === 0 && needed > buffer.length && needed <= left) buffer = Buffer.allocUnsafeSlow(needed);
      else if (consumed === 0) throw new JournalError(`there is no whole tag at ${position} in ${take.path}`);
      if (packets.length > 0) yield packets;
    } else if (take.ended) {
      return;
    } else {
      await pause(GATHER_MS, [take.endSignal, signal]);
    }
  }
}
