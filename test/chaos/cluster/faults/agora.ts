import type { FaultInput, PushFault, RestOperation } from '../../../agora-simulator/faults.ts';
import type { ChaosPhase } from '../phases.ts';
import type { Subject } from '../subject.ts';
import { MissedError } from './fault.ts';
import type { ClusterFault, RecordingFault, Scene } from './fault.ts';
import type { FaultName } from './names.ts';

type Misanswer = Extract<FaultInput, { match: { operation: RestOperation } }>['fault'];

const TIMES = 3;
/** After each refusal it is waited longer, by everybody. */
const QUOTA_TIMES = 1;
/** While it records, Agora is asked only when the media fails to come. */
const INTERRUPTION: PushFault = { kind: 'drop', afterSeconds: 0, reconnectSeconds: 8 };

export const agora429 = restFault('agora-429', {
  kind: 'status',
  status: 429,
  message: 'Too many requests: rate limit exceeded',
});
export const agora500 = restFault('agora-500', { kind: 'status', status: 500, message: 'internal error' });
export const agora504 = restFault('agora-504-but-done', { kind: 'done-but-504' });

/** It closes the gate for everybody. */
export const agoraQuota: ClusterFault = {
  ...restFault(
    'agora-quota',
    { kind: 'status', status: 429, message: 'resource quota exceeded' },
    QUOTA_TIMES,
  ),
  scope: 'cluster',
  strike: async (subjects, scene) => {
    await Promise.all(subjects.map(async (subject) => interrupt(subject, scene)));
  },
};

function restFault(name: FaultName, fault: Misanswer, count = TIMES): RecordingFault {
  return {
    name,
    scope: 'recording',
    sparesRecorders: true,
    arrange: (subject) => wrongAnswers(subject, fault, count),
    strike: interrupt,
  };
}

async function interrupt({ name, phase }: Subject, { world }: Scene): Promise<void> {
  if (phase !== 'Recording') return;
  const isThere = await world.simulator.misbehave(world.pushName(name), INTERRUPTION);
  if (!isThere) throw new MissedError(`${name} had no push any more`);
}

/** What Agora is asked for in a phase is what goes wrong in it. */
const OPERATIONS: Readonly<Record<ChaosPhase, readonly RestOperation[]>> = {
  Pending: ['create'],
  Starting: ['create'],
  Recording: ['get'],
  Stopping: ['delete'],
};

function wrongAnswers({ phase, name: channel }: Subject, fault: Misanswer, count: number): FaultInput[] {
  return OPERATIONS[phase].map((operation) => ({ match: { operation, channel }, fault, count }));
}
