import { RECORDING_FINALIZER } from '../../crd/names.ts';
import { REASONS } from '../../crd/reasons.ts';
import type { AdmissionDecision } from '../admission.ts';
import { addFinalizer, hasFinalizer } from '../finalizers.ts';
import { MEETING_RECORDINGS } from '../kube-objects.ts';
import { fail, isDeleted, isOver, isUnwanted, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import type { World } from '../world.ts';

/** How often a recording that waits has its place in the queue brought up to date, in milliseconds for each place. */
const REFRESH_MS_A_PLACE = 250;

/** Gives the recording a slot, or a place in the queue. */
export async function admit(pass: Pass, world: World): Promise<Verdict> {
  const { status, recording } = pass;
  if (isOver(pass)) return 'next';
  const started = status.is('Admitted') || pass.pod !== undefined;
  if (!started && isUnwanted(pass)) {
    if (isDeleted(pass) && !hasFinalizer(recording, RECORDING_FINALIZER)) return 'end';
    fail(pass, 'NothingReceived');
    return 'next';
  }
  if (!started && recording.spec.source.agora && !world.push) {
    fail(
      pass,
      'AgoraNotConfigured',
      'The operator has no Agora credentials: set AGORA_APP_ID, AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET',
    );
    return 'next';
  }
  if (started) world.admission.hold(recording);
  else {
    const decision = world.admission.decide(recording);
    if (!decision.admitted) return wait(pass, world, decision);
  }
  // Before the first thing that the object's deletion must not leave behind.
  if (!hasFinalizer(recording, RECORDING_FINALIZER) && !isDeleted(pass)) {
    pass.recording = await addFinalizer(
      world.kube,
      MEETING_RECORDINGS,
      recording,
      RECORDING_FINALIZER,
      pass.signal,
    );
    world.recordings.observe(pass.recording);
    pass.isFresh = true;
  }
  status.set('Admitted', 'True', 'SlotTaken', 'The recording has a slot');
  if (status.phase === undefined || status.phase === 'Pending')
    status.say('Starting', 'CreatingRecorder', REASONS.CreatingRecorder);
  return 'next';
}

function wait(
  pass: Pass,
  world: World,
  { position, lacks, waitMs }: Extract<AdmissionDecision, { admitted: false }>,
): Verdict {
  const { status } = pass;
  const provider = lacks === 'provider';
  const reason = provider ? 'ProviderQuotaExceeded' : 'WaitingForSlot';
  const message = provider
    ? "Agora's quota of concurrent pushes is used up; the recording starts when there is room"
    : `All ${world.config.maxConcurrentRecordings} slots are taken; the recording starts when there is room`;
  status.say('Pending', reason, message);
  status.set('Admitted', 'False', reason, message);
  status.value.queuePosition = position;
  // What is freed wakes whose turn it is; the others only want their place shown.
  lookAgainIn(pass, waitMs ?? Math.min(5000 + position * REFRESH_MS_A_PLACE, 60_000));
  return 'end';
}
