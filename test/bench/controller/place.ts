import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { auditedBytes, countApiCalls } from './api-calls.ts';
import type { ApiCalls } from './api-calls.ts';
import type { Contender, Running } from './contenders.ts';
import { startKubernetes } from './kubernetes.ts';
import { Observer } from './observer.ts';
import type { Moment } from './observer.ts';
import { childrenCpuSeconds, usageOf } from './process-usage.ts';
import type { Usage } from './process-usage.ts';
import { Recorders } from './recorders.ts';
import type { Shapes } from './shape.ts';

/** Milliseconds that a phase may take; it is only waited for so long when something is wrong. */
const LIMIT_MS = 1_800_000;
/** Milliseconds without a call after which a controller has nothing left to say. */
const QUIET_MS = 2000;

export interface PlaceOptions {
  readonly contender: Contender;
  /** How many recordings there may be at a time. */
  readonly objects: number;
  readonly keepLogs: boolean;
}

/** What one run has used. Times in seconds, memory in MB. */
export interface Spent {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  /** One for each start of the controller. */
  readonly processes: readonly Usage[];
  /** CPU seconds of what both sides need alike: kube-apiserver, etcd, kwok and the bench itself. */
  readonly helpers: Readonly<Record<string, number>>;
  readonly apiCalls: ApiCalls;
  readonly shapes: Shapes;
}

/** Where one run of one side takes place: a cluster of its own, recorders that answer, and somebody who looks on. */
export class Place implements AsyncDisposable {
  readonly kube: KubeClient;
  readonly observer: Observer;
  readonly recorders: Recorders;
  readonly #contender: Contender;
  readonly #options: PlaceOptions;
  readonly #auditLog: string;
  readonly #start: () => Promise<Running>;
  readonly #stack: AsyncDisposableStack;
  readonly #processes: Usage[] = [];
  readonly #ownCpu = process.cpuUsage();

  private constructor(parts: {
    options: PlaceOptions;
    kube: KubeClient;
    observer: Observer;
    recorders: Recorders;
    auditLog: string;
    start: () => Promise<Running>;
    stack: AsyncDisposableStack;
  }) {
    this.kube = parts.kube;
    this.observer = parts.observer;
    this.recorders = parts.recorders;
    this.#contender = parts.options.contender;
    this.#options = parts.options;
    this.#auditLog = parts.auditLog;
    this.#start = parts.start;
    this.#stack = parts.stack;
  }

  static async open(options: PlaceOptions): Promise<Place> {
    await using stack = new AsyncDisposableStack();
    const { kube, auditLog, controllerKubeconfig } = stack.use(await startKubernetes());
    const recorders = stack.use(new Recorders());
    const recorderPort = await recorders.listen();
    const stopObserving = new AbortController();
    stack.defer(() => stopObserving.abort());
    const observer = new Observer(kube, recorders, stopObserving.signal);
    const { contender, objects } = options;
    const start = async (): Promise<Running> =>
      await contender.start({ kubeconfig: controllerKubeconfig, recorderPort, objects });
    return new Place({ options, kube, observer, recorders, auditLog, start, stack: stack.move() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** Starts the controller; resolves when its caches are full. */
  async begin(): Promise<Running> {
    const running = await this.#start();
    this.#stack.use(running.child);
    await running.ready();
    return running;
  }

  /** Stops the controller once it has nothing left to say: events, too, are part of its work. */
  async end({ child }: Running): Promise<void> {
    await this.#quiet();
    this.#processes.push(await usageOf(child.pid));
    await child.stop();
    if (this.#options.keepLogs) process.stdout.write(child.output());
  }

  async until(moment: Moment, count: number): Promise<void> {
    const what = `${count} times ${moment}, not ${this.observer.count(moment)}: ${this.#contender.name}`;
    const enough = (): boolean => this.observer.count(moment) >= count;
    await waitFor(enough, { what, timeoutMs: LIMIT_MS, intervalMs: 20 });
  }

  /** What was used so far; the controller must have ended. */
  async spent(): Promise<Spent> {
    const { user, system } = process.cpuUsage(this.#ownCpu);
    return {
      cpuSeconds: this.#processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      peakRssMb: Math.max(...this.#processes.map(({ peakRssMb }) => peakRssMb)),
      processes: this.#processes,
      helpers: { ...(await childrenCpuSeconds()), bench: (user + system) / 1e6 },
      apiCalls: await countApiCalls(this.#auditLog),
      shapes: this.observer.shapes,
    };
  }

  async #quiet(): Promise<void> {
    let seen = { bytes: -1, at: performance.now() };
    const isQuiet = async (): Promise<boolean> => {
      const bytes = await auditedBytes(this.#auditLog);
      if (bytes !== seen.bytes) seen = { bytes, at: performance.now() };
      return performance.now() - seen.at >= QUIET_MS;
    };
    await waitFor(isQuiet, { what: 'the controller to be quiet', timeoutMs: LIMIT_MS, intervalMs: 100 });
  }
}
