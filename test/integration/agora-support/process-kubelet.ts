import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { PODS } from '../../../operator/controller/kube-objects.ts';
import type { Pod, Terminated } from '../../../operator/controller/kube-objects.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { Informer } from '../../../operator/runtime/informer.ts';
import { isNotFound } from '../../../operator/runtime/kube/api-error.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { refOf } from '../../../operator/runtime/kube/resource.ts';
import { whileAlive } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { ffmpegPath } from '../../support/ffmpeg.ts';
import { spawnRecorder } from '../../support/media/recorder-process.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { TempDirectory } from '../../support/temp-directory.ts';
import { waitFor } from '../../support/wait-for.ts';

const ADDRESS = '127.0.0.1';

interface Running {
  readonly child: Child;
  isEnding: boolean;
}

/**
 * Plays scheduler and kubelet for recorder pods of one namespace, each of which is a real recorder, a process of this
 * machine. All of them listen where the controller expects them, so only one at a time can.
 */
export class ProcessKubelet implements AsyncDisposable {
  readonly errors: unknown[] = [];
  readonly #kube: KubeClient;
  readonly #informer: Informer<Pod>;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #work = new Set<Promise<void>>();
  readonly #run: Promise<void>;
  readonly #folder: TempDirectory;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(options: {
    kube: KubeClient;
    namespace: string;
    folder: TempDirectory;
    environment: Readonly<Record<string, string>>;
  }) {
    this.#kube = options.kube;
    this.#folder = options.folder;
    this.#environment = options.environment;
    this.#informer = new Informer<Pod>({
      client: options.kube,
      resource: PODS,
      selection: { namespace: options.namespace },
      clock: systemClock,
      random: Math.random,
      log: pino({ level: 'silent' }),
    });
    this.#informer.onChange(({ after }) => {
      if (!after) return;
      const job = this.#sync(after).catch((error: unknown) => void this.errors.push(error));
      this.#work.add(job);
      void job.finally(() => this.#work.delete(job));
    });
    this.#run = this.#informer.run(this.#stop.signal);
  }

  /** @param options.environment added to that of the pods */
  static async start(options: {
    kube: KubeClient;
    namespace: string;
    environment: Readonly<Record<string, string>>;
  }): Promise<ProcessKubelet> {
    return new ProcessKubelet({ ...options, folder: await tempDirectory('process-kubelet') });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const { child } of this.#running.values()) await child.stop();
    await this.#run;
    await Promise.all(this.#work);
    await this.#folder[Symbol.asyncDispose]();
  }

  async #sync(pod: Pod): Promise<void> {
    const { uid = '', name = '', namespace = '', deletionTimestamp } = pod.metadata;
    const running = this.#running.get(uid);
    if (running) {
      if (deletionTimestamp === undefined || running.isEnding) return;
      running.isEnding = true;
      process.kill(running.child.pid, 'SIGTERM');
      return;
    }
    if (deletionTimestamp !== undefined || pod.spec.nodeName !== undefined) return;
    const resultPath = join(this.#folder.path, `${uid}.result`);
    const child = await spawnRecorder(await this.#environmentOf(pod, resultPath));
    const recorder = { child, isEnding: false };
    this.#running.set(uid, recorder);
    const target = { apiVersion: 'v1', kind: 'Node', name: 'this-machine' };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace, name }, target };
    await this.#kube.create({ ...PODS, plural: `pods/${name}/binding` }, binding);
    const port = this.#environmentValue(pod, 'HTTP_PORT');
    await whileAlive(child, 'recorder', (signal) =>
      waitFor(async () => (await fetch(`http://${ADDRESS}:${port}/readyz`, { signal })).ok, {
        what: 'the recorder to be ready',
        signal,
      }),
    );
    await this.#report(pod, { running: { startedAt: new Date().toISOString() } });
    await this.#finish(pod, recorder, resultPath);
  }

  async #finish(pod: Pod, recorder: Running, resultPath: string): Promise<void> {
    const { child } = recorder;
    const exit = await child.exited;
    recorder.isEnding = true;
    if (this.#stop.signal.aborted) return;
    const message = await readFile(resultPath, 'utf8').catch(() => child.output().slice(-2000));
    const exitCode = typeof exit === 'number' ? exit : 137;
    await this.#report(pod, { terminated: { exitCode, message, finishedAt: new Date().toISOString() } });
    const current = await this.#kube.get(PODS, refOf(pod)).catch(() => undefined);
    if (current?.metadata.deletionTimestamp === undefined) return;
    await this.#kube.delete(PODS, refOf(pod), { gracePeriodSeconds: 0 }).catch(unlessGone);
  }

  async #environmentOf(pod: Pod, resultPath: string): Promise<Record<string, string>> {
    const own = pod.spec.containers[0]?.env?.filter(({ name }) => !name.endsWith('_FILE')) ?? [];
    return {
      ...Object.fromEntries(own.map(({ name, value = '' }) => [name, value])),
      RECORDING_STORAGE_PATH: join(this.#folder.path, pod.metadata.uid ?? ''),
      RECORDING_MIN_FREE_MB: '1',
      RESULT_PATH: resultPath,
      FFMPEG_PATH: await ffmpegPath(),
      ...this.#environment,
    };
  }

  #environmentValue(pod: Pod, wanted: string): string {
    return pod.spec.containers[0]?.env?.find(({ name }) => name === wanted)?.value ?? '';
  }

  async #report(pod: Pod, state: { running?: object; terminated?: Terminated }): Promise<void> {
    const isAlive = state.running !== undefined;
    const status = {
      phase: isAlive ? 'Running' : state.terminated?.exitCode === 0 ? 'Succeeded' : 'Failed',
      podIP: ADDRESS,
      podIPs: [{ ip: ADDRESS }],
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: isAlive ? 'True' : 'False' },
      ],
      containerStatuses: [
        {
          name: 'recorder',
          ready: isAlive,
          started: isAlive,
          restartCount: 0,
          image: 'r',
          imageID: '',
          state,
        },
      ],
    };
    const body = { metadata: { uid: pod.metadata.uid }, status };
    await this.#kube
      .patch(PODS, refOf(pod), { type: 'merge', body }, { subresource: 'status' })
      .catch(unlessGone);
  }
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
