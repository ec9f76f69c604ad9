import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { BuiltImage } from '../images/ensure-image.ts';
import { say, step } from '../progress.ts';
import type { ClusterProvider } from '../provider.ts';
import { run } from '../run-command.ts';
import { ensureTool } from '../toolchain/ensure-tool.ts';

/** Two nodes that run pods, as the cluster of nodes has, so that one can be lost or drained. */
const CONFIGURATION = {
  kind: 'Cluster',
  apiVersion: 'kind.x-k8s.io/v1alpha4',
  nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
};

/** Clusters that kind runs in a Docker engine. */
export class KindClusters implements ClusterProvider {
  readonly description = 'kind, in the Docker engine';

  async up(name: string): Promise<string> {
    if (await this.isRunning(name)) {
      say(`The cluster ${name} is up already`);
    } else {
      await this.down(name);
      await step(`kind cluster ${name}`, () => this.#create(name));
    }
    return await kind('get', 'kubeconfig', '--name', name);
  }

  async down(name: string): Promise<void> {
    await kind('delete', 'cluster', '--name', name);
  }

  /** A cluster whose creation was interrupted has containers but not the last node. */
  async isRunning(name: string): Promise<boolean> {
    const nodes = (await kind('get', 'nodes', '--name', name)).split('\n').filter((line) => line !== '');
    if (nodes.length !== CONFIGURATION.nodes.length) return false;
    const states = await run('docker', ['inspect', '--format', '{{.State.Running}}', ...nodes]);
    return states.split('\n').filter((state) => state === 'true').length === nodes.length;
  }

  async load(name: string, images: readonly BuiltImage[]): Promise<void> {
    const references = images.map((image) => image.reference);
    await kind('load', 'docker-image', ...references, '--name', name);
  }

  async #create(name: string): Promise<void> {
    await using folder = await tempDirectory('kind');
    const configuration = join(folder.path, 'kind.yaml');
    await writeFile(configuration, stringify(CONFIGURATION));
    // The kubeconfig goes to a folder that is thrown away: the user's own is none of our business.
    const kubeconfig = join(folder.path, 'kubeconfig');
    // prettier-ignore
    await kind(
      'create', 'cluster', '--name', name, '--config', configuration, '--kubeconfig', kubeconfig, '--wait', '180s',
    );
  }
}

async function kind(...args: readonly string[]): Promise<string> {
  return await run(await ensureTool('kind'), args);
}
