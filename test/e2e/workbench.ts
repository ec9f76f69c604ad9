import { inject } from 'vitest';
import { Kubectl } from '../install/kubectl.ts';
import { Workbench } from '../install/workbench.ts';

/** The installation that the end-to-end tests share. */
export async function openWorkbench(): Promise<Workbench> {
  const kubectl = await Kubectl.for({ kubeconfig: inject('kubeconfig'), namespace: inject('namespace') });
  return await Workbench.open(kubectl);
}

/** A picture small enough for a machine of two cores to encode, record and check several of. */
export const SMALL = { resolution: '640x360', fps: 15, bitrate: 500 } as const;

let count = 0;
/** A name that no other test of any run uses: of a meeting, a channel or an object. */
export function uniqueName(prefix: string): string {
  count += 1;
  return `${prefix}-${Date.now().toString(36)}-${count}`;
}
