import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../cluster/run-command.ts';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { Kubectl } from './kubectl.ts';

const CHARTS = join(import.meta.dirname, '../../charts');

/** Installs or upgrades a chart of ours and waits until its pods are ready. Throws CommandError. */
export async function helmUpgrade(
  kubectl: Kubectl,
  options: { release: string; chart: 'meetrec' | 'meetrec-dev'; values: object; timeoutSeconds?: number },
): Promise<void> {
  const helm = await ensureTool('helm');
  await using folder = await tempDirectory('helm');
  // A file, so that secrets among the values don't stand in the process list.
  const values = join(folder.path, 'values.json');
  await writeFile(values, JSON.stringify(options.values), { mode: 0o600 });
  const target = ['--kubeconfig', kubectl.kubeconfig, '--namespace', kubectl.namespace];
  const wait = ['--wait', '--timeout', `${options.timeoutSeconds ?? 180}s`];
  const chart = join(CHARTS, options.chart);
  await run(helm, ['upgrade', '--install', options.release, chart, '--values', values, ...target, ...wait]);
}

export async function helmUninstall(kubectl: Kubectl, release: string): Promise<void> {
  const helm = await ensureTool('helm');
  const target = ['--kubeconfig', kubectl.kubeconfig, '--namespace', kubectl.namespace];
  await run(helm, ['uninstall', release, '--ignore-not-found', '--wait', '--timeout', '120s', ...target]);
}
