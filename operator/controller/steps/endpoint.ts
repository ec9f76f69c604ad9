import { REASONS } from '../../crd/reasons.ts';
import { hostPart, ingestAddress } from '../ingest-address.ts';
import type { IngestAddress } from '../ingest-address.ts';
import { isOver, lookAgainIn } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import type { World } from '../world.ts';

/** How often it is looked whether the recorder can be reached from outside, in milliseconds. */
const RETRY_MS = 1000;

/** Says where the publisher reaches the recorder, once it listens and can be reached that way. */
export async function endpoint(pass: Pass, world: World): Promise<Verdict> {
  const { status, recorder, pod } = pass;
  if (isOver(pass) || recorder?.is !== 'listening' || !pod) return 'next';
  // A pod that was started anew by its node may have another address; everything else stays as it was found.
  if (status.value.ingest === undefined || world.config.ingest.exposure === 'podIP') {
    const address = await ingestAddress(pass, world, { pod, podIP: recorder.address });
    if (!address || !(await isReachable(address, world))) return wait(pass, address);
    const url = 'url' in address ? address.url : `rtmp://${hostPart(address.host)}:${address.port}/live`;
    status.value.ingest = { url };
  }
  status.set('RecorderReady', 'True', 'Listening', 'The recorder listens for its publisher');
  const said = status.value.reason === 'RequestingPush' || status.value.reason === 'WaitingForPublisher';
  if (status.value.startedAt === undefined && !said)
    status.say('Starting', 'WaitingForPublisher', REASONS.WaitingForPublisher);
  return 'next';
}

/** Inside the cluster, the pod's readiness says it; what stands at a fixed address is not ours to judge. */
async function isReachable(address: IngestAddress, world: World): Promise<boolean> {
  if ('url' in address || world.config.ingest.exposure === 'podIP') return true;
  return await world.reach(address.host, address.port);
}

function wait(pass: Pass, address: IngestAddress | undefined): Verdict {
  const { status } = pass;
  const where = address && 'host' in address ? ` ${hostPart(address.host)}:${address.port}` : '';
  const message = where
    ? `The recorder listens, but its ingest address${where} does not answer yet`
    : 'The recorder listens; it has no ingest address yet';
  status.set('RecorderReady', 'False', 'IngestUnreachable', message);
  if (status.value.startedAt === undefined) status.say('Starting', 'IngestUnreachable', message);
  lookAgainIn(pass, RETRY_MS);
  return 'next';
}
