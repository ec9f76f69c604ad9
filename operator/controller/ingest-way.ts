import { ApiError } from '../runtime/kube/api-error.ts';
import type { Reason } from '../crd/reasons.ts';
import { authority, ingestAddress } from './ingest-address.ts';
import type { IngestAddress, RecorderAddress } from './ingest-address.ts';
import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import { steadyMessage } from './steady-message.ts';
import type { World } from './world.ts';

/** What keeps publishers from a recorder that listens. */
export interface WayTrouble {
  reason: Reason;
  message: string;
}

/** How often the way to a recorder that nothing comes from is looked at, in milliseconds. */
const LOOK_MS = 10_000;
/** Milliseconds after which it is asked what the first look has found, should it not have said so itself. */
const FIRST_LOOK_MS = 3000;

/** Finds the way to a recorder, and whether one answers at its end; `looking`: the pass is called when that is known. */
export async function findWay(
  pass: Pass,
  world: World,
  recorder: RecorderAddress,
): Promise<{ url: string } | WayTrouble | 'looking'> {
  return judge(pass, world, await addressOrRefusal(pass, world, recorder));
}

function judge(pass: Pass, world: World, address: IngestAddress): { url: string } | WayTrouble | 'looking' {
  if ('reason' in address) return address;
  const { url, check } = address;
  // Inside the cluster, the pod's readiness says it; what stands at a fixed address is not ours to judge.
  if (!check) return { url };
  const found = world.reach.look(pass.key, check);
  if (found === 'looking') {
    lookAgainIn(pass, FIRST_LOOK_MS);
    return found;
  }
  const { trouble } = found;
  if (trouble === undefined) return { url };
  const via = new URL(url).host === authority(check.host, check.port) ? '' : ` (${check.host})`;
  const message = `The recorder listens, but does not answer at ${new URL(url).host}${via} yet: ${trouble}`;
  return { reason: 'IngestUnreachable', message };
}

/**
 * Makes the Service or route anew that somebody has taken from under a recorder: an address that was lost shows in nothing
 * else than that the publisher does not come (back). While media arrives nobody is asked. Where the address is another one
 * then, the push is sent there.
 */
export async function mendWay(
  pass: Pass,
  world: World,
  recorder: RecorderAddress,
  known: string,
): Promise<WayTrouble | undefined> {
  const { exposure } = world.config.ingest;
  if (exposure !== 'nodePort' && exposure !== 'loadBalancer' && exposure !== 'gateway') return undefined;
  const { status, recording } = pass;
  const memory = world.pushRequests.of(recording.metadata.uid);
  if (!lacksPublisher(pass)) {
    delete memory.way?.trouble;
    return undefined;
  }
  const nowMs = world.clock.monotonic();
  // A publisher that was never there gets the time to come; one that has gone may have been cut off.
  if (status.value.startedAt === undefined) memory.way ??= { lookedAtMs: nowMs };
  const leftMs = memory.way === undefined ? 0 : memory.way.lookedAtMs + LOOK_MS - nowMs;
  lookAgainIn(pass, leftMs > 0 ? leftMs : LOOK_MS);
  if (leftMs > 0) return memory.way?.trouble;

  const address = await addressOrRefusal(pass, world, recorder);
  const isMoved = 'url' in address && address.url !== known;
  const found = isMoved ? judge(pass, world, address) : address;
  if (found === 'looking') return memory.way?.trouble;
  const trouble = 'reason' in found ? found : undefined;
  if (!('reason' in found) && found.url !== known) {
    status.value.ingest = { url: found.url };
    // The push is found by its name and sent to the new address.
    delete status.value.agora;
    world.pushRequests.forget(recording.metadata.uid);
  }
  world.pushRequests.of(recording.metadata.uid).way = { lookedAtMs: nowMs, ...(trouble && { trouble }) };
  return trouble;
}

function lacksPublisher({ live, status }: Pass): boolean {
  return live ? live.state === 'waiting' || live.state === 'reconnecting' : !status.is('Receiving');
}

/** A Service that is refused, by a quota for example, is one more thing that is waited for: not without end. */
async function addressOrRefusal(pass: Pass, world: World, recorder: RecorderAddress): Promise<IngestAddress> {
  try {
    return await ingestAddress(pass, world, recorder);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 403 && error.status !== 422)) throw error;
    const message = `The way to the recorder can't be made: ${error.message}`;
    const told = pass.status.condition('RecorderReady')?.message;
    return { reason: 'IngestUnreachable', message: steadyMessage(told, message) };
  }
}
