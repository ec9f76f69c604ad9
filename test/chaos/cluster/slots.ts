import type { ChaosWorld } from './world.ts';

const VARIABLE = 'MAX_CONCURRENT_RECORDINGS';

/** Has the controllers admit so many recordings at a time: what is more stays Pending. */
export async function setSlots(world: ChaosWorld, slots: number): Promise<void> {
  const { kubectl } = world;
  await kubectl.run('set', 'env', 'deployment/meetrec-controller', `${VARIABLE}=${slots}`);
  await kubectl.run('rollout', 'status', 'deployment/meetrec-controller', '--timeout=180s');
}
