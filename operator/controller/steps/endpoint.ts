import { REASONS } from '../../crd/reasons.ts';
import type { Reason } from '../../crd/reasons.ts';
import { authority, ingestAddress } from '../ingest-address.ts';
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
  // A pod that was started anew by its node may have another address; everything else stays as it was found.
  if (status.value.ingest === undefined || world.config.ingest.exposure === 'podIP') {
    const address = await ingestAddress(pass, world, { pod, podIP: recorder.address });
    if ('reason' in address) return wait(pass, world, pod, address);
    const { url, check } = address;
    // Inside the cluster, the pod's readiness says it; what stands at a fixed address is not ours to judge.
    const trouble = check && (await world.reach(check));
    if (check && trouble !== undefined) {
      const via = new URL(url).host === authority(check.host, check.port) ? '' : ` (${check.host})`;
      const message = `The recorder listens, but does not answer at ${new URL(url).host}${via} yet: ${trouble}`;
      return wait(pass, world, pod, { reason: 'IngestUnreachable', message });
    }
    status.value.ingest = { url };
  }
  status.set('RecorderReady', 'True', 'Listening', 'The recorder listens for its publisher');
  const said = status.value.reason === 'RequestingPush' || status.value.reason === 'WaitingForPublisher';
  if (status.value.startedAt === undefined && !said)
    status.say('Starting', 'WaitingForPublisher', REASONS.WaitingForPublisher);
  return 'next';
}

/** A recorder that nobody can reach is of no use: it is given up when its time to start is over. */
function wait(pass: Pass, world: World, pod: Pod, why: { reason: Reason; message: string }): Verdict {
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
