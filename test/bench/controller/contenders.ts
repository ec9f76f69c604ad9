import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from '../../cluster/images/build-context.ts';
import { bundleInto } from '../../cluster/images/bundle.ts';
import { ensureTool } from '../../cluster/toolchain/ensure-tool.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { SideName } from './options.ts';
import { NAMESPACE } from './setup-objects.ts';

/** As many recordings are worked on at once, on both sides. */
export const WORKERS = 10;

export interface Surroundings {
  readonly kubeconfig: string;
  readonly recorderPort: number;
  /** How many recordings there may be. */
  readonly objects: number;
}

/** One of the controllers that are compared. */
export interface Contender {
  readonly name: SideName;
  /** Starts it; resolves at once, before it is ready. */
  start: (surroundings: Surroundings) => Promise<Running>;
}

export interface Running {
  readonly child: Child;
  /** Resolves when its caches are full. */
  ready: () => Promise<void>;
}

/**
 * Ours, bundled and started as its image does.
 *
 * @param profiles the folder that takes CPU profiles; absent: none are made
 */
export async function meetrec(bundleDirectory: string, profiles?: string): Promise<Contender> {
  await bundleInto(bundleDirectory, 'operator', { controller: 'operator/bin/controller.ts' });
  const [, ...flags] = await entryPoint();
  return {
    name: 'meetrec',
    start: async ({ kubeconfig, recorderPort, objects }) => {
      const port = await freePort();
      const child = await startChild({
        name: 'meetrec',
        command: process.execPath,
        args: [
          ...flags,
          ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]),
          join(bundleDirectory, 'controller.mjs'),
        ],
        env: {
          NODE_ENV: 'production',
          KUBECONFIG: kubeconfig,
          RECORDINGS_NAMESPACE: NAMESPACE,
          RECORDER_IMAGE: 'recorder:bench',
          RECORDER_HTTP_PORT: String(recorderPort),
          STREAM_KEY_SECRET: 'a-master-key-of-at-least-32-characters',
          S3_BUCKET: 'bench',
          MAX_CONCURRENT_RECORDINGS: String(objects),
          WORKERS: String(WORKERS),
          LEADER_ELECTION: 'false',
          HTTP_PORT: String(port),
          LOG_LEVEL: 'info',
        },
      });
      return { child, ready: () => untilReady(port) };
    },
  };
}

/** The one that is written with controller-runtime. */
export async function controllerRuntime(): Promise<Contender> {
  const command = await ensureTool('bench-controller');
  return {
    name: 'controller-runtime',
    start: async ({ kubeconfig, recorderPort }) => {
      const port = await freePort();
      const child = await startChild({
        name: 'bench-controller',
        command,
        args: [
          `--namespace=${NAMESPACE}`,
          `--workers=${WORKERS}`,
          `--recorder-http-port=${recorderPort}`,
          `--probe-address=127.0.0.1:${port}`,
        ],
        // As Go programs do when nobody says anything.
        env: { KUBECONFIG: kubeconfig, GOGC: '100' },
      });
      return { child, ready: () => untilReady(port) };
    },
  };
}

async function untilReady(port: number): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(10_000) });
    await response.text();
    return response.ok;
  };
  await waitFor(isReady, { what: 'the controller to be ready', timeoutMs: 120_000, intervalMs: 20 });
}

/** The command that the image starts: how the program is run is measured with it. */
async function entryPoint(): Promise<string[]> {
  const dockerfile = await readFile(join(checkout, 'operator', 'Dockerfile'), 'utf8');
  const line = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1];
  if (line === undefined) throw new Error('operator/Dockerfile has no ENTRYPOINT in its exec form');
  return JSON.parse(line) as string[];
}
