import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import type { BuiltImage } from '../images/ensure-image.ts';
import { say, step } from '../progress.ts';
import type { ClusterProvider } from '../provider.ts';
import { CommandError } from '../run-command.ts';
import { ensureTool } from '../toolchain/ensure-tool.ts';
import { withFileLock } from '../toolchain/file-lock.ts';
import { ensurePackages } from '../toolchain/packages.ts';
import { allocatePlan, existingPlan, stateDirectory } from './cluster-index.ts';
import { CLUSTER_PACKAGES, ensureClusterTools } from './cluster-tools.ts';
import { tearDown } from './down.ts';
import { loadImages } from './load-images.ts';
import { checkClusterName } from './plan.ts';
import { administratorKubeconfig, areNodesReady } from './status.ts';
import { makeCluster } from './up.ts';

/** Clusters of a control plane and two nodes that are processes of this machine. Needs Linux and root. */
export class NodeClusters implements ClusterProvider {
  readonly description = 'two nodes on this machine';

  async up(name: string): Promise<string> {
    requireRoot();
    await ensurePackages(CLUSTER_PACKAGES);
    const tools = await ensureClusterTools();
    return await this.#exclusively(name, async () => {
      if (await this.isRunning(name)) {
        say(`The cluster ${name} is up already`);
      } else {
        await this.#remove(name);
        await makeCluster(await allocatePlan(name), tools);
      }
      return await readFile(administratorKubeconfig(await allocatePlan(name)), 'utf8');
    });
  }

  async down(name: string): Promise<void> {
    requireRoot();
    await this.#exclusively(name, () => this.#remove(name));
  }

  async isRunning(name: string): Promise<boolean> {
    const plan = await existingPlan(name);
    if (plan === undefined) return false;
    try {
      return await areNodesReady(plan, await ensureTool('kubectl'));
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  }

  async load(name: string, images: readonly BuiltImage[]): Promise<void> {
    const plan = await existingPlan(name);
    if (plan === undefined) throw new ClusterError(`there is no cluster ${name}: make it first`);
    await loadImages(plan, images);
  }

  async #remove(name: string): Promise<void> {
    const plan = await existingPlan(name);
    if (plan !== undefined) await step(`remove the cluster ${name}`, () => tearDown(plan));
  }

  async #exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    checkClusterName(name);
    return await withFileLock(join(stateDirectory(), `${name}.lock`), work, () => {
      say(`Waiting for another process that works on the cluster ${name} …`);
    });
  }
}

function requireRoot(): void {
  if (process.platform !== 'linux') {
    throw new ClusterError('no Docker engine answers, and a cluster without one needs Linux: start Docker');
  }
  if (process.getuid?.() !== 0) {
    throw new ClusterError(
      'no Docker engine answers, and a cluster without one needs root: start Docker or use sudo',
    );
  }
}
