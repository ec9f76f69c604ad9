import type { Packet, TrackId } from '../media/track.ts';
import type { AudioEncoder } from './audio-encoder.ts';

/**
 * Puts what encoders make of some tracks in the place of these tracks' packets, each one before the first packet of the
 * journal that is not before it. Throws FfmpegError, or the signal's reason.
 */
export async function* encodeTracks(
  batches: AsyncIterable<readonly Packet[]>,
  encoders: ReadonlyMap<TrackId, AudioEncoder>,
  signal: AbortSignal,
): AsyncGenerator<readonly Packet[], void, undefined> {
  const close = (): void => {
    for (const encoder of encoders.values()) encoder.close();
  };
  // Whoever waits for an encoder is told by it.
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const batch of batches) {
      const packets: Packet[] = [];
      for (const packet of batch) {
        for (const [track, encoder] of encoders) {
          if (track === packet.track) await encoder.encode(packet);
          else await encoder.passTo(packet.dtsMs);
          packets.push(...(await encoder.take(packet.dtsMs)));
        }
        if (!encoders.has(packet.track)) packets.push(packet);
      }
      yield packets;
    }
    for (const encoder of encoders.values()) {
      await encoder.end();
      yield await encoder.take(Infinity);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
