import type { Pass, Verdict } from './pass.ts';
import { admit } from './steps/admit.ts';
import { collect } from './steps/collect.ts';
import { endpoint } from './steps/endpoint.ts';
import { pod } from './steps/pod.ts';
import { push } from './steps/push.ts';
import { retain } from './steps/retain.ts';
import { salvage } from './steps/salvage.ts';
import { stop } from './steps/stop.ts';
import { watch } from './steps/watch.ts';
import type { World } from './world.ts';

type Step = (pass: Pass, world: World) => Promise<Verdict>;

/**
 * A recording's life, read aloud: it is admitted, gets a pod, an endpoint and a push; it is watched, stopped, what
 * lost recorders had stored is salvaged, its result collected, and it is retained for a while. Each step looks at what is, and leaves what is none of its
 * business to the next.
 */
export const STEPS: readonly Step[] = [admit, pod, endpoint, push, watch, stop, salvage, collect, retain];

export async function sync(pass: Pass, world: World): Promise<void> {
  for (const step of STEPS) if ((await step(pass, world)) === 'end') return;
}
