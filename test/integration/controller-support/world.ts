import { KubeConfig } from '@kubernetes/client-node';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { customResourceDefinition } from '../../../operator/crd/custom-resource-definition.ts';
import type { MeetingRecording } from '../../../operator/crd/meeting-recording.ts';
import type { MeetingRecordingSpecInput } from '../../../operator/crd/spec.ts';
import { API_VERSION, KIND } from '../../../operator/crd/names.ts';
import { readConfig } from '../../../operator/controller/config.ts';
import { MEETING_RECORDINGS, PODS } from '../../../operator/controller/kube-objects.ts';
import { recorderPod } from '../../../operator/controller/recorder-pod.ts';
import { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../../operator/runtime/kube/connection.ts';
import type { KubeObject } from '../../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../../operator/runtime/kube/resource.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { freePort } from '../../support/free-port.ts';
import { startKubeApi } from '../../support/kube-api.ts';
import type { KubeApi } from '../../support/kube-api.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import type { TempDirectory } from '../../support/temp-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { AgoraStub } from './agora-stub.ts';
import { controllerToken } from './controller-rights.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { History } from './history.ts';

const CRDS: Resource<KubeObject> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const NAMESPACES: Resource<KubeObject> = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  namespaced: false,
};
const QUOTAS: Resource<KubeObject> = { group: '', version: 'v1', plural: 'resourcequotas', namespaced: true };
const CONTROLLER = new URL('../../../operator/bin/controller.ts', import.meta.url).pathname;

/** A real API server that knows MeetingRecordings. */
export interface Cluster extends AsyncDisposable {
  api: KubeApi;
  kube: KubeClient;
}

export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const api = stack.use(await startKubeApi());
  const config = new KubeConfig();
  config.loadFromFile(api.kubeconfig);
  const connection = new KubeConfigConnection(config);
  stack.defer(() => connection.close());
  const kube = new KubeClient({ connection });
  await kube.create(CRDS, customResourceDefinition() as unknown as KubeObject);
  await waitFor(async () => (await kube.list(MEETING_RECORDINGS)).items.length === 0, {
    what: 'the API server to serve MeetingRecordings',
  });
  const running = stack.move();
  return { api, kube, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A namespace with a kubelet, an Agora and, when asked for, controllers. */
export class TestWorld implements AsyncDisposable {
  readonly namespace = `test-${randomUUID().slice(0, 8)}`;
  readonly cluster: Cluster;
  readonly agora = new AgoraStub();
  kubelet!: FakeKubelet;
  /** Looks at every version of every recording; what an object must never show fails the test. */
  history!: History;
  readonly #controllers = new Set<Child>();
  /** The bearer token of a service account that has the controller's rights and no more. */
  token = '';
  #kubeconfig = '';
  #folder: TempDirectory | undefined;
  #agoraUrl = '';
  #ports = { rtmp: 0, http: 0 };

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** @param options.rules what the controller may do beside the usual */
  static async start(cluster: Cluster, options: { rules?: readonly object[] } = {}): Promise<TestWorld> {
    const world = new TestWorld(cluster);
    await cluster.kube.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: world.namespace,
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      },
    });
    world.token = await controllerToken(cluster.kube, world.namespace, options.rules);
    world.#folder = await tempDirectory('controller');
    world.#kubeconfig = join(world.#folder.path, 'kubeconfig');
    await writeFile(world.#kubeconfig, kubeconfig(cluster.api, world.token));
    world.#agoraUrl = await world.agora.listen();
    world.#ports = { rtmp: await freePort(), http: await freePort() };
    world.kubelet = new FakeKubelet({
      kube: cluster.kube,
      namespace: world.namespace,
      httpPort: world.#ports.http,
    });
    world.history = new History({ kube: cluster.kube, namespace: world.namespace });
    // What Agora pushes arrives.
    world.agora.onPush = (rtmpUrl) => world.kubelet.stubAt(new URL(rtmpUrl).hostname)?.become('recording');
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const controller of this.#controllers) await controller.stop();
    await this.kubelet[Symbol.asyncDispose]();
    await this.agora[Symbol.asyncDispose]();
    await this.history[Symbol.asyncDispose]();
    await this.#folder?.[Symbol.asyncDispose]();
    if (this.history.faults.length > 0) throw new Error(this.history.faults.join('\n'));
  }

  get agoraUrl(): string {
    return this.#agoraUrl;
  }

  /** @param env what differs from a usual controller */
  environment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      KUBECONFIG: this.#kubeconfig,
      RECORDINGS_NAMESPACE: this.namespace,
      RECORDER_IMAGE: 'recorder:test',
      STREAM_KEY_SECRET: 'a-master-key-of-at-least-32-characters',
      S3_BUCKET: 'test-bucket',
      AGORA_REST_API_BASE_URL: this.#agoraUrl,
      AGORA_APP_ID: 'app',
      AGORA_CUSTOMER_ID: 'customer',
      AGORA_CUSTOMER_SECRET: 'secret',
      RECORDER_HTTP_PORT: String(this.#ports.http),
      RECORDER_RTMP_PORT: String(this.#ports.rtmp),
      HTTP_PORT: '0',
      LEADER_ELECTION: 'false',
      LOG_LEVEL: 'debug',
      ...env,
    };
  }

  /** @param env what differs from a usual controller */
  async startController(env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const child = await startChild({
      name: 'controller',
      command: process.execPath,
      args: [CONTROLLER],
      env: this.environment(env),
    });
    this.#controllers.add(child);
    return child;
  }

  /** The pod is gone at once, result and all. */
  async removeByForce(name: string): Promise<void> {
    const ref = { namespace: this.namespace, name };
    const stub = this.kubelet.stub(name);
    if (stub) stub.onSigterm = () => ({ exitCode: 137, message: '' });
    await this.cluster.kube.patch(PODS, ref, { type: 'merge', body: { metadata: { finalizers: [] } } });
    await this.cluster.kube.delete(PODS, ref, { gracePeriodSeconds: 0 });
  }

  async killControllers(): Promise<void> {
    for (const controller of this.#controllers) process.kill(controller.pid, 'SIGKILL');
    for (const controller of this.#controllers) await controller.exited;
    this.#controllers.clear();
  }

  async record(name: string, spec: Partial<MeetingRecordingSpecInput> = {}): Promise<MeetingRecording> {
    return await this.cluster.kube.create(MEETING_RECORDINGS, {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { namespace: this.namespace, name },
      spec: { meetingId: 'meeting-1', source: { agora: { channel: 'standup' } }, ...spec },
    } as KubeObject);
  }

  async get(name: string): Promise<MeetingRecording> {
    return await this.cluster.kube.get(MEETING_RECORDINGS, { namespace: this.namespace, name });
  }

  async patchSpec(name: string, spec: Partial<MeetingRecordingSpecInput>): Promise<void> {
    const ref = { namespace: this.namespace, name };
    await this.cluster.kube.patch(MEETING_RECORDINGS, ref, { type: 'merge', body: { spec } });
  }

  async delete(name: string): Promise<void> {
    await this.cluster.kube.delete(MEETING_RECORDINGS, { namespace: this.namespace, name });
  }

  /** Waits until the object's status is as wanted, and returns it. */
  async until(
    name: string,
    what: string,
    isSo: (recording: MeetingRecording) => boolean,
  ): Promise<MeetingRecording> {
    let last: MeetingRecording | undefined;
    try {
      return await waitFor(
        async () => {
          last = await this.get(name);
          return isSo(last) ? last : undefined;
        },
        { what: `${name} to be ${what}`, timeoutMs: 45_000 },
      );
    } catch (error) {
      const logs = [...this.#controllers]
        .map((controller) => controller.output().slice(-4000))
        .join('\n---\n');
      throw new Error(`${name} is not ${what}: ${JSON.stringify(last?.status, undefined, 1)}\n${logs}`, {
        cause: error,
      });
    }
  }

  async untilPhase(name: string, phase: string): Promise<MeetingRecording> {
    return await this.until(name, phase, ({ status }) => status?.phase === phase);
  }

  /** Waits until the object is gone. */
  async untilGone(name: string): Promise<void> {
    await waitFor(
      async () => {
        const { items } = await this.cluster.kube.list(MEETING_RECORDINGS, { namespace: this.namespace });
        return items.every(({ metadata }) => metadata.name !== name);
      },
      { what: `${name} to be gone`, timeoutMs: 45_000 },
    );
  }

  /** A pod that is none of the controller's. */
  async foreignPod(name: string): Promise<{ remove: () => Promise<void> }> {
    const metadata = { namespace: this.namespace, name };
    const manifest = recorderPod({
      recording: await this.record(`owner-of-${name}`),
      attempt: 1,
      folder: undefined,
      masterKey: '',
      config: readConfig({ RECORDER_IMAGE: 'x', STREAM_KEY_SECRET: 'x'.repeat(32), S3_BUCKET: 'xxx' })
        .recorder,
    });
    await this.delete(`owner-of-${name}`);
    await this.cluster.kube.create(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: manifest.spec,
    } as KubeObject);
    const remove = async () => await this.cluster.kube.delete(PODS, metadata, { gracePeriodSeconds: 0 });
    return { remove };
  }

  /** A limit of the number of pods, with the status that the quota controller would write. */
  async resourceQuota(name: string, pods: string): Promise<{ setHard: (pods: string) => Promise<void> }> {
    const ref = { namespace: this.namespace, name };
    const body = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: ref, spec: { hard: { pods } } };
    await this.cluster.kube.create(QUOTAS, body);
    const setHard = async (hard: string) => {
      const status = { hard: { pods: hard }, used: { pods: '0' } };
      const patch = { type: 'merge', body: { spec: { hard: { pods: hard } }, status } } as const;
      await this.cluster.kube.patch(QUOTAS, ref, patch);
      await this.cluster.kube.patch(QUOTAS, ref, patch, { subresource: 'status' });
    };
    await setHard(pods);
    return { setHard };
  }

  async untilNoPods(): Promise<void> {
    await waitFor(() => this.kubelet.pods.length === 0, { what: 'the pods to be gone', timeoutMs: 45_000 });
  }
}

function kubeconfig(api: KubeApi, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [
      { name: 'c', cluster: { server: api.server, 'certificate-authority': api.certificateAuthority } },
    ],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  });
}
