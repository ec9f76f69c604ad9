import { pino } from 'pino';
import { PODS } from '../../../operator/controller/kube-objects.ts';
import type { Pod, Terminated } from '../../../operator/controller/kube-objects.ts';
import { LABELS } from '../../../operator/crd/names.ts';
import type { RecorderResult } from '../../../recorder-image/contract/result.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { Informer } from '../../../operator/runtime/informer.ts';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { refOf } from '../../../operator/runtime/kube/resource.ts';
import { waitFor } from '../../support/wait-for.ts';
import { PodWriter } from './pod-writer.ts';
import { RecorderStub } from './recorder-stub.ts';
import type { Exit } from './recorder-stub.ts';

interface Running {
  pod: Pod;
  stub: RecorderStub;
  restarts: number;
  over: boolean;
  shutDown?: boolean;
  /** A condition that others have set, and that a kubelet leaves as it is. */
  disruption?: object;
}

/** Blocks of loopback addresses, so that tests side by side don't meet. */
let nextAddress = (process.pid % 200) * 256 + 10;

/**
 * Plays scheduler and kubelet for the pods of one namespace: each runs as a stub of the recorder on a loopback address
 * of its own, becomes Ready, and on deletion gets its SIGTERM, reports how it ended and goes when its finalizers do.
 */
export class FakeKubelet implements AsyncDisposable {
  readonly #kube: KubeClient;
  readonly #pods: PodWriter;
  readonly #httpPort: number;
  readonly #informer: Informer<Pod>;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #run: Promise<void>;
  #work: Promise<void> = Promise.resolve();
  /** Every pod that was ever seen, by name, with its UID: two of one name show. */
  readonly everSeen: { name: string; uid: string }[] = [];
  /** False: pods stay as they were made. */
  starts = true;
  /** How the pods end that salvage what a recorder had stored under this key. */
  onSalvage: (key: string) => Exit = salvaged;
  /** Called with each new stub before its pod is Ready. */
  onStart: (stub: RecorderStub, pod: Pod) => void = () => undefined;

  constructor(options: { kube: KubeClient; namespace: string; httpPort: number }) {
    this.#kube = options.kube;
    this.#pods = new PodWriter(options.kube);
    this.#httpPort = options.httpPort;
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
      this.#work = this.#work
        .then(() => this.#sync(after))
        .catch((error: unknown) => void this.errors.push(error));
    });
    this.#run = this.#informer.run(this.#stop.signal);
  }

  readonly errors: unknown[] = [];

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    await this.#work;
    for (const { stub } of this.#running.values()) await stub[Symbol.asyncDispose]();
  }

  get pods(): Pod[] {
    return [...this.#informer.store.list()];
  }

  /** The stub of the pod of that name; of several, of the latest. */
  stub(podName: string): RecorderStub | undefined {
    return [...this.#running.values()].findLast(({ pod }) => pod.metadata.name === podName)?.stub;
  }

  stubAt(address: string): RecorderStub | undefined {
    return [...this.#running.values()].find(({ stub }) => stub.address === address)?.stub;
  }

  /** The recorder's process ends by itself; the kubelet starts it again unless it has succeeded. */
  async exit(podName: string, exit: Exit): Promise<void> {
    const running = this.#find(podName);
    if (exit.exitCode === 0) await this.#end(running, exit);
    else {
      running.restarts++;
      await this.#report(running, { lastState: { terminated: terminated(exit) }, running: true });
    }
  }

  /** The pod's node throws it out. */
  async evict(podName: string, reason = 'Evicted'): Promise<void> {
    const running = this.#find(podName);
    running.over = true;
    const message = 'The node was low on resource: ephemeral-storage.';
    await this.#pods.patchStatus(running.pod, { phase: 'Failed', reason, message });
  }

  /** The pod's node shuts down: it stops the containers, and the pod stays as it ended. */
  async shutDown(podName: string): Promise<void> {
    const running = this.#find(podName);
    running.shutDown = true;
    await this.#end(running, running.stub.onSigterm(running.stub));
  }

  /** A scheduler makes room for a pod of higher priority. */
  async preempt(podName: string): Promise<void> {
    const running = this.#find(podName);
    const { pod } = running;
    const message = 'default-scheduler: preempting to accommodate a higher priority pod';
    running.disruption = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message,
    };
    const conditions = [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
      running.disruption,
    ];
    await this.#pods.patchStatus(pod, { conditions });
    await this.#kube.delete(PODS, refOf(pod));
  }

  /** No node takes the pod. */
  async unschedulable(podName: string, message: string): Promise<void> {
    const scheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
    await this.#pods.patchStatus(await this.#made(podName), { conditions: [scheduled] });
  }

  /** The pod's node can't start the container. */
  async waits(podName: string, reason: string, message: string): Promise<void> {
    const pod = await this.#made(podName);
    if (pod.spec.nodeName === undefined) await this.#pods.bind(pod);
    const container = { name: 'recorder', ready: false, restartCount: 0, image: '', imageID: '' };
    await this.#pods.patchStatus(pod, {
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [{ ...container, state: { waiting: { reason, message } } }],
    });
  }

  async #made(name: string): Promise<Pod> {
    return await waitFor(() => this.pods.find(({ metadata }) => metadata.name === name), {
      what: `the pod ${name} to be made`,
    });
  }

  #find(podName: string): Running {
    const running = [...this.#running.values()].findLast(({ pod }) => pod.metadata.name === podName);
    if (!running) throw new Error(`no pod ${podName} runs`);
    return running;
  }

  /** The pod's node goes dark: nothing answers any more, and the control plane says so. */
  async loseNode(podName: string): Promise<void> {
    const running = this.#find(podName);
    running.over = true;
    await running.stub[Symbol.asyncDispose]();
    const lastTransitionTime = new Date().toISOString();
    await this.#pods.patchStatus(running.pod, {
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'False', lastTransitionTime },
      ],
    });
  }

  /** The control plane removes the pod of a node that is no more. */
  async collectGarbage(podName: string): Promise<void> {
    const running = this.#find(podName);
    running.over = true;
    await running.stub[Symbol.asyncDispose]();
    const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' };
    await this.#pods.patchStatus(running.pod, {
      phase: 'Failed',
      conditions: [{ ...disruption, message: 'PodGC: node no longer exists' }],
    });
    await this.#pods.delete(running.pod);
  }

  async #sync(pod: Pod): Promise<void> {
    const uid = pod.metadata.uid ?? '';
    let running = this.#running.get(uid);
    if (!running) {
      this.everSeen.push({ name: pod.metadata.name ?? '', uid });
      if (!this.starts || pod.metadata.deletionTimestamp !== undefined) return;
      running = { pod, stub: await this.#newStub(pod), restarts: 0, over: false };
      this.#running.set(uid, running);
      await this.#pods.bind(pod);
      this.onStart(running.stub, pod);
      await this.#report(running, { running: true });
      if (pod.metadata.labels?.[LABELS.salvages] !== undefined)
        await this.#end(running, this.onSalvage(running.stub.key));
    }
    if (pod.metadata.deletionTimestamp !== undefined && !running.over)
      await this.#end(running, running.stub.onSigterm(running.stub));
  }

  async #newStub(pod: Pod): Promise<RecorderStub> {
    const number = nextAddress++;
    const env = new Map(pod.spec.containers[0]?.env?.map(({ name, value }) => [name, value ?? '']));
    const stub = new RecorderStub({
      address: `127.${100 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`,
      port: this.#httpPort,
      recordingId: env.get('RECORDING_ID') ?? '',
      format: env.get('RECORDING_FORMAT') as 'mp4',
      key: env.get('S3_KEY') ?? '',
    });
    await stub.listen();
    return stub;
  }

  async #end(running: Running, exit: Exit): Promise<void> {
    running.over = true;
    running.stub.become('done');
    await running.stub[Symbol.asyncDispose]();
    await this.#report(running, { terminated: terminated(exit) });
    // With its containers gone, the kubelet confirms the deletion.
    const current = await this.#kube.get(PODS, refOf(running.pod)).catch(() => undefined);
    if (current?.metadata.deletionTimestamp !== undefined) await this.#pods.delete(running.pod);
  }

  async #report(
    running: Running,
    container: { running?: boolean; terminated?: Terminated; lastState?: object },
  ): Promise<void> {
    const alive = container.running === true;
    const succeeded = container.terminated?.exitCode === 0 && running.shutDown !== true;
    const message = 'Pod was terminated in response to imminent node shutdown.';
    await this.#pods.patchStatus(running.pod, {
      ...(running.shutDown && { reason: 'Terminated', message }),
      phase: alive ? 'Running' : succeeded ? 'Succeeded' : 'Failed',
      podIP: running.stub.address,
      podIPs: [{ ip: running.stub.address }],
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: alive ? 'True' : 'False' },
        ...(running.disruption ? [running.disruption] : []),
      ],
      containerStatuses: [
        {
          name: 'recorder',
          ready: alive,
          started: alive,
          restartCount: running.restarts,
          image: 'recorder',
          imageID: '',
          state: alive
            ? { running: { startedAt: new Date().toISOString() } }
            : { terminated: container.terminated },
          lastState: container.lastState ?? {},
        },
      ],
    });
  }
}

function salvaged(key: string): Exit {
  const result: RecorderResult = {
    outcome: 'completed',
    reason: 'Salvaged',
    bucket: 'test-bucket',
    key,
    url: `s3://test-bucket/${key}`,
    sizeBytes: 1000,
    durationSeconds: 7,
    format: 'mp4',
  };
  return { exitCode: 0, message: JSON.stringify(result), reason: 'Completed' };
}

function terminated(exit: Exit): Terminated & { startedAt: string } {
  const now = new Date().toISOString();
  return {
    exitCode: exit.exitCode,
    reason: exit.reason ?? 'Error',
    message: exit.message,
    startedAt: now,
    finishedAt: now,
  };
}
