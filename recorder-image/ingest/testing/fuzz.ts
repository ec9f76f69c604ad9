import { RtmpProtocol, RtmpProtocolError } from '../rtmp-protocol.ts';
import { inPieces, mutate } from './mutate.ts';

/** The key in the sessions that are kept beside this file. */
export const KEY = 'fuzz-key';
const WRONG_KEY = 'nope-key';

export interface FuzzOutcome {
  /** Sessions that came to publishing. */
  published: number;
  /** Sessions that were refused. */
  refused: number;
  mediaBytes: number;
  /** The most that buffers held outside the JavaScript heap, in bytes. */
  peakBufferBytes: number;
}

/**
 * Drives the protocol with mutations of a recorded session. Throws when one makes it throw anything but a refusal, or
 * gets media past a key that is not the right one.
 */
export function fuzz(session: Buffer, seeds: Iterable<number>): FuzzOutcome {
  const outcome: FuzzOutcome = { published: 0, refused: 0, mediaBytes: 0, peakBufferBytes: 0 };
  const keyless = Buffer.from(session.toString('latin1').replaceAll(KEY, WRONG_KEY), 'latin1');
  for (const seed of seeds) {
    const withKey = seed % 2 === 0;
    one(withKey ? session : keyless, seed, outcome);
    outcome.peakBufferBytes = Math.max(outcome.peakBufferBytes, process.memoryUsage().arrayBuffers);
  }
  return outcome;
}

function one(session: Buffer, seed: number, outcome: FuzzOutcome): void {
  let proved = false;
  const protocol = new RtmpProtocol({
    onOutput: () => undefined,
    onPublish: (app, streamName) => {
      const right = app === 'live' && streamName === KEY;
      if (right) outcome.published += proved ? 0 : 1;
      proved ||= right;
      return right;
    },
    onMedia: (_track, timestamp, payload) => {
      if (!proved) throw new Error(`seed ${seed}: media without the key`);
      if (!(timestamp >= 0 && timestamp < 2 ** 32)) throw new Error(`seed ${seed}: time ${timestamp}`);
      outcome.mediaBytes += payload.length;
    },
    onUnpublish: () => undefined,
  });
  try {
    for (const piece of inPieces(mutate(session, seed), seed)) protocol.receive(piece);
  } catch (error) {
    // What a handler here throws comes out as the cause of a refusal, like all that malformed bytes bring about.
    if (!(error instanceof RtmpProtocolError)) throw error;
    if (error.cause instanceof Error && error.cause.message.startsWith('seed ')) throw error.cause;
    outcome.refused += 1;
  }
}
