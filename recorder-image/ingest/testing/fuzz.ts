import { RtmpProtocolError } from '../rtmp-protocol-error.ts';
import { RtmpProtocol } from '../rtmp-protocol.ts';
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
  let asked = false;
  const protocol = new RtmpProtocol(
    { video: ['hvc1'], audio: ['Opus'] },
    {
      onOutput: () => undefined,
      onPublish: (app, streamName) => {
        if (app !== 'live' || streamName !== KEY) throw new RtmpProtocolError('may not publish');
        outcome.published += proved ? 0 : 1;
        proved = true;
        // Half of them have to wait for the answer, as in a takeover.
        asked = seed % 4 >= 2;
        if (!asked) protocol.start();
      },
      onMedia: (_track, timestamp, payload) => {
        if (!proved) throw new Error(`seed ${seed}: media without the key`);
        if (!(timestamp >= 0 && timestamp < 2 ** 32)) throw new Error(`seed ${seed}: time ${timestamp}`);
        outcome.mediaBytes += payload.length;
      },
      onUnpublish: () => undefined,
    },
  );
  try {
    for (const piece of inPieces(mutate(session, seed), seed)) {
      const answer: boolean = asked;
      protocol.receive(piece);
      if (answer) protocol.start();
      asked &&= !answer;
    }
  } catch (error) {
    if (!(error instanceof RtmpProtocolError)) throw error;
    outcome.refused += 1;
  }
}
