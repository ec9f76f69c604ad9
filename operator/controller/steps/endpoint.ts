import { REASONS } from '../../crd/reasons.ts';
import { findWay, mendWay } from '../ingest-way.ts';
import type { WayTrouble } from '../ingest-way.ts';
import type { Pod } from '../kube-objects.ts';
import { fail, isOver, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import type { World } from '../world.ts';

/** How often it is looked whether the recorder can be reached, in milliseconds: often at first, later less often. */
const SOONEST_MS = 500;
const LATEST_MS = 5000;

/** Says where the publisher reaches the recorder, once it listens and can be reached that way. */
export async function endpoint(pass: Pass, world: World): Promise<Verdict> {
  const { status, recorder, pod } = pass;
  if (isOver(pass) || recorder?.is !== 'listening' || !pod) return 'next';
  const way = { pod, podIP: recorder.address };
  const known = status.value.ingest?.url;
  // A pod that was started anew by its node may have another address.
  if (known === undefined || world.config.ingest.exposure === 'podIP') {
    const found = await findWay(pass, world, way);
    if (found === 'looking') return 'next';
    if ('reason' in found) return wait(pass, world, pod, found);
    status.value.ingest = { url: found.url };
  } else {
    const trouble = await mendWay(pass, world, way, known);
    if (trouble) return tell(pass, trouble);
  }
  status.set('RecorderReady', 'True', 'Listening', 'The recorder listens for its publisher');
  const said = status.value.reason === 'RequestingPush' || status.value.reason === 'WaitingForPublisher';
  if (status.value.startedAt === undefined && !said)
    status.say('Starting', 'WaitingForPublisher', REASONS.WaitingForPublisher);
  return 'next';
}

/** The recorder's own patience with its publisher is that with the way to it, too. */
function tell({ status }: Pass, { reason, message }: WayTrouble): Verdict {
  status.set('RecorderReady', 'False', reason, message);
  if (status.value.startedAt === undefined) status.say('Starting', reason, message);
  return 'next';
}

/** A recorder that nobody can reach is of no use: it is given up when its time to start is over. */
function wait(pass: Pass, world: World, pod: Pod, why: WayTrouble): Verdict {
  const { status, nowMs } = pass;
  const { reason, message } = why;
  const replaces = status.value.startedAt !== undefined;
  status.set('RecorderReady', 'False', reason, message);
  if (!replaces) status.say('Starting', reason, message);
  const ageMs = nowMs - Date.parse(pod.metadata.creationTimestamp ?? '');
  const leftMs = world.config.startTimeoutSeconds * 1000 - ageMs;
  if (leftMs > 0) lookAgainIn(pass, Math.min(leftMs, Math.max(SOONEST_MS, Math.min(LATEST_MS, ageMs / 10))));
  else if (replaces)
    pass.recorder = { is: 'lost', how: 'failed', message: `${REASONS.StartTimeout} ${message}` };
  else fail(pass, 'StartTimeout', `${REASONS.StartTimeout} ${message}`);
  return 'next';
}
