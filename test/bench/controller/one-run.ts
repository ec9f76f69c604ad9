import { API_VERSION, KIND } from '../../../operator/crd/names.ts';
import { MEETING_RECORDINGS } from '../../../operator/controller/kube-objects.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { countApiCalls } from './api-calls.ts';
import type { ApiCalls } from './api-calls.ts';
import type { Contender, Place, Running } from './contenders.ts';
import { startKubernetes } from './kubernetes.ts';
import { Observer } from './observer.ts';
import type { Moment, Moments } from './observer.ts';
import type { ContenderName } from './options.ts';
import { usageOf } from './process-usage.ts';
import type { Usage } from './process-usage.ts';
import { Recorders } from './recorders.ts';
import { NAMESPACE } from './setup-objects.ts';
import { quantile } from './statistics.ts';

/** What one run of one side has measured. Times in seconds, memory in MB. */
export interface RunResult {
  readonly contender: ContenderName;
  readonly objects: number;
  /** From the first object's creation until all of them are Recording. */
  readonly recordingSeconds: number;
  /** From the first change of desiredState until all of them are Completed. */
  readonly completedSeconds: number;
  readonly createdToPod: { readonly p50: number; readonly p99: number };
  /** Of both: the pod is ready and the status says it listens; the pod has ended and the status says Completed. */
  readonly podToStatus: { readonly p50: number; readonly p99: number };
  /** From the start of the process, all objects being Recording, until a new one has its pod. */
  readonly restartSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly processes: readonly Usage[];
  readonly apiCalls: ApiCalls;
}

/** How many requests the bench itself has under way. */
const PARALLEL = 32;
/** Milliseconds that a phase may take; it is only waited for so long when something is wrong. */
const LIMIT_MS = 1_800_000;
const PROBE = 'probe';

export async function oneRun(contender: Contender, objects: number, keepLogs: boolean): Promise<RunResult> {
  await using stack = new AsyncDisposableStack();
  const kubernetes = stack.use(await startKubernetes());
  const { kube } = kubernetes;
  const recorders = stack.use(new Recorders());
  const stopObserving = new AbortController();
  stack.defer(() => stopObserving.abort());
  const observer = new Observer(kube, stopObserving.signal);
  const place: Place = {
    kubeconfig: kubernetes.controllerKubeconfig,
    recorderPort: await recorders.listen(),
    objects: objects + 1,
  };
  const processes: Usage[] = [];
  const begin = async (): Promise<Running> => {
    const running = await contender.start(place);
    stack.use(running.child);
    return running;
  };
  const end = async ({ child }: Running): Promise<void> => {
    processes.push(await usageOf(child.pid));
    await child.stop();
    if (keepLogs) process.stdout.write(child.output());
  };
  const until = async (moment: Moment, count: number): Promise<void> => {
    const what = `${count} times ${moment}, not ${contender.name}`;
    await waitFor(() => observer.count(moment) >= count, { what, timeoutMs: LIMIT_MS, intervalMs: 20 });
  };

  const first = await begin();
  await first.ready();
  const names = Array.from({ length: objects }, (_, index) => `rec-${index}`);
  const created = performance.now();
  await eachOf(names, async (name) => await create(kube, observer, name));
  await until('recording', objects);
  const recordingSeconds = secondsSince(created);
  await end(first);

  const restarted = performance.now();
  const second = await begin();
  await second.ready();
  await create(kube, observer, PROBE);
  await until('pod', objects + 1);
  const restartSeconds = secondsSince(restarted);
  await until('recording', objects + 1);

  const stopped = performance.now();
  await eachOf([...names, PROBE], async (name) => await stop(kube, name));
  await until('completed', objects + 1);
  const completedSeconds = secondsSince(stopped);
  await until('released', objects + 1);
  await end(second);

  const moments = [...observer.moments];
  const podToStatus = [
    ...between(moments, 'podReady', 'listening'),
    ...between(moments, 'podEnded', 'completed'),
  ];
  return {
    contender: contender.name,
    objects,
    recordingSeconds,
    completedSeconds,
    createdToPod: quantiles(between(moments, 'created', 'pod')),
    podToStatus: quantiles(podToStatus),
    restartSeconds,
    cpuSeconds: processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakRssMb: Math.max(...processes.map(({ peakRssMb }) => peakRssMb)),
    processes,
    apiCalls: await countApiCalls(kubernetes.auditLog),
  };
}

async function create(kube: KubeClient, observer: Observer, name: string): Promise<void> {
  const object = {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { namespace: NAMESPACE, name },
    spec: { meetingId: `meeting-${name}`, source: { rtmp: {} } },
  };
  await kube.create(MEETING_RECORDINGS, object);
  observer.note(`${NAMESPACE}/${name}`, 'created');
}

async function stop(kube: KubeClient, name: string): Promise<void> {
  const body = { spec: { desiredState: 'Stopped' } };
  await kube.patch(MEETING_RECORDINGS, { namespace: NAMESPACE, name }, { type: 'merge', body });
}

async function eachOf(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
  const queue = names.values();
  const work = async (): Promise<void> => {
    for (const name of queue) await act(name);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

/** Seconds from one moment to another, where both were seen. */
function between(moments: readonly Moments[], from: Moment, to: Moment): number[] {
  return moments.flatMap((seen) => {
    const [a, b] = [seen[from], seen[to]];
    return a === undefined || b === undefined ? [] : [Math.max(0, b - a) / 1000];
  });
}

function quantiles(values: readonly number[]): { p50: number; p99: number } {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}
