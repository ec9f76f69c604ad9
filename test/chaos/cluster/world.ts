import { KubeConfig } from '@kubernetes/client-node';
import { isTerminal } from '../../../operator/crd/phases.ts';
import { converterName } from '../../../operator/controller/end-push.ts';
import { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../../operator/runtime/kube/connection.ts';
import type { ClusterPlan, NodePlan } from '../../cluster/nodes/plan.ts';
import { areNodesReady } from '../../cluster/nodes/status.ts';
import { ensureTool } from '../../cluster/toolchain/ensure-tool.ts';
import type { Kubectl, KubernetesObject } from '../../install/kubectl.ts';
import { waitFor } from '../../support/wait-for.ts';
import { Evidence } from './evidence.ts';
import { Observer } from './observer.ts';
import { SimulatorControl } from './simulator-control.ts';
import { StoredFiles } from './stored-files.ts';

const READY_MS = 180_000;

interface Parts {
  readonly plan: ClusterPlan;
  readonly kubectl: Kubectl;
  readonly connection: KubeConfigConnection;
  readonly simulator: SimulatorControl;
  readonly stored: StoredFiles;
}

/** A cluster with an installation that can be broken, and those who look on. */
export class ChaosWorld implements AsyncDisposable {
  readonly plan: ClusterPlan;
  readonly kubectl: Kubectl;
  readonly kube: KubeClient;
  readonly simulator: SimulatorControl;
  readonly stored: StoredFiles;
  readonly observer: Observer;
  readonly evidence: Evidence;
  readonly nodes: { readonly steady: NodePlan; readonly frail: NodePlan };
  readonly #connection: KubeConfigConnection;
  readonly #stop = new AbortController();
  readonly #looking: Promise<unknown>;

  private constructor({ plan, kubectl, connection, simulator, stored }: Parts) {
    this.plan = plan;
    this.kubectl = kubectl;
    this.#connection = connection;
    this.kube = new KubeClient({ connection });
    this.simulator = simulator;
    this.stored = stored;
    this.nodes = nodesOf(plan);
    this.observer = new Observer({ kube: this.kube, namespace: kubectl.namespace });
    this.evidence = new Evidence({ plan, namespace: kubectl.namespace });
    this.#looking = Promise.all([this.observer.run(this.#stop.signal), this.evidence.run(this.#stop.signal)]);
  }

  /** The installation must be there. */
  static async open(options: { readonly plan: ClusterPlan; readonly kubectl: Kubectl }): Promise<ChaosWorld> {
    const { kubectl } = options;
    const config = new KubeConfig();
    config.loadFromFile(kubectl.kubeconfig);
    const connection = new KubeConfigConnection(config);
    // Straight at the services' addresses, which the host has routes to: a forward would end with the API server.
    const simulator = new SimulatorControl({ baseUrl: await serviceUrl(kubectl, 'agora-simulator') });
    const stored = new StoredFiles({ endpoint: await serviceUrl(kubectl, 'dev-s3') });
    return new ChaosWorld({ ...options, connection, simulator, stored });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    this.stored[Symbol.dispose]();
    await this.#connection.close();
  }

  get namespace(): string {
    return this.kubectl.namespace;
  }

  /** The name of a recording's push at Agora. */
  pushName(recording: string): string {
    const { last } = this.observer.of(recording);
    if (last === undefined) throw new Error(`${recording} was never seen`);
    return converterName(last);
  }

  /** The recording is over, or its object gone. */
  hasEnded(recording: string): boolean {
    const { gone, last } = this.observer.of(recording);
    return gone || isTerminal(last?.status?.phase);
  }

  async cordon(node: NodePlan): Promise<void> {
    await this.kubectl.run('cordon', node.name);
  }

  async uncordon(node: NodePlan): Promise<void> {
    await this.kubectl.run('uncordon', node.name);
  }

  async nodesAreReady(): Promise<void> {
    const kubectl = await ensureTool('kubectl');
    await waitFor(() => areNodesReady(this.plan, kubectl), {
      what: 'the nodes to be ready',
      timeoutMs: READY_MS,
      intervalMs: 500,
    });
  }

  /** As the API server has it. */
  async isReady({ name }: NodePlan): Promise<boolean> {
    type Node = KubernetesObject & { status: { conditions: { type: string; status: string }[] } };
    const node = await this.kubectl.get<Node>('node', name);
    return node?.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  }

  async apiAnswers(): Promise<void> {
    const { rounds } = this.observer;
    await waitFor(() => this.observer.rounds > rounds + 1, {
      what: 'the API server to answer',
      timeoutMs: READY_MS,
    });
  }

  async storeAnswers(): Promise<void> {
    await waitFor(async () => (await this.stored.list('recordings/')).length >= 0, {
      what: 'the S3 server to answer',
      timeoutMs: READY_MS,
      intervalMs: 250,
    });
  }

  /** Everything that Meetrec and its recordings need is at work. */
  async isWhole(): Promise<void> {
    await this.nodesAreReady();
    for (const deployment of ['meetrec-controller', 'meetrec-api', 'dev-s3', 'agora-simulator'])
      await this.kubectl.run('rollout', 'status', `deployment/${deployment}`, '--timeout=180s');
    await this.apiAnswers();
    await this.storeAnswers();
  }
}

/** What things happen to is the second node; the first has all that must stay. */
export function nodesOf({ nodes }: ClusterPlan): { steady: NodePlan; frail: NodePlan } {
  const [steady, frail] = nodes;
  if (steady === undefined || frail === undefined) throw new Error('the cluster has not two nodes');
  return { steady, frail };
}

async function serviceUrl(kubectl: Kubectl, name: string): Promise<string> {
  type Service = KubernetesObject & { spec: { clusterIP: string; ports: { port: number }[] } };
  const service = await kubectl.get<Service>('service', name);
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return `http://${service.spec.clusterIP}:${service.spec.ports[0]?.port}`;
}
