import type { PushFault } from '../../../agora-simulator/faults.ts';
import type { Subject } from '../subject.ts';
import { MissedError } from './fault.ts';
import type { RecordingFault } from './fault.ts';

const DROP: PushFault = { kind: 'drop', afterSeconds: 0, reconnectSeconds: 4 };
/** Longer than a recorder takes a silent publisher for a live one. */
const STALL: PushFault = { kind: 'stall', afterSeconds: 0, seconds: 12 };

export const pushDropped = pushFault('push-dropped', DROP, true);
// A recorder that gives a silent connection up does not get what is still in it.
export const pushStalled = pushFault('push-stalled', STALL, false);

function pushFault(
  name: 'push-dropped' | 'push-stalled',
  fault: PushFault,
  sparesRecorders: boolean,
): RecordingFault {
  return {
    name,
    scope: 'recording',
    sparesRecorders,
    // There is no push yet: it happens a second after there is one.
    arrange: (subject) =>
      isEarly(subject)
        ? [{ match: { operation: 'push', channel: subject.name }, fault: { ...fault, afterSeconds: 1 } }]
        : [],
    complaints: ({ phase }, { states }) =>
      phase === 'Stopping' || states.includes('Recording Reconnecting')
        ? []
        : [`it never said that the publisher was gone: ${states.join(', ')}`],
    strike: async (subject, { world }) => {
      if (isEarly(subject)) return;
      if (!(await world.simulator.misbehave(world.pushName(subject.name), fault)))
        throw new MissedError(`${subject.name} had no push any more`);
    },
  };
}

function isEarly({ phase }: Subject): boolean {
  return phase === 'Pending' || phase === 'Starting';
}
