import type { TestProject } from 'vitest/node';
import { builtImages } from '../install/images.ts';
import { install, uninstall } from '../install/installation.ts';
import { Kubectl } from '../install/kubectl.ts';
import { bringUpCluster, takeDownCluster } from '../install/own-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    kubeconfig: string;
    namespace: string;
  }
}

const OWN_CLUSTER = 'e2e';

/**
 * Installs Meetrec once for all end-to-end tests: on the cluster that KUBECONFIG names, or on one of their own,
 * which is removed again. MEETREC_KEEP=1 keeps everything for a look around.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['KUBECONFIG'];
  const kubeconfig = given ?? (await bringUpCluster(OWN_CLUSTER));
  const namespace = `meetrec-e2e-${Date.now().toString(36)}`;
  const kubectl = await Kubectl.for({ kubeconfig, namespace });
  const teardown = async (): Promise<void> => {
    if (process.env['MEETREC_KEEP'] === '1') return;
    if (given === undefined) await takeDownCluster(OWN_CLUSTER);
    else await uninstall(kubectl);
  };
  try {
    await install(kubectl, {
      images: await builtImages(),
      // Windows short enough for a test to wait for, long enough for a busy machine.
      values: { recorder: { publisherTimeout: 30, reconnectWindow: 45 } },
    });
  } catch (error) {
    await teardown();
    throw error;
  }
  project.provide('kubeconfig', kubeconfig);
  project.provide('namespace', namespace);
  return teardown;
}
