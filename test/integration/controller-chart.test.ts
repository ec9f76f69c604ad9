import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { readConfig } from '../../operator/controller/config.ts';
import { newFolder } from '../../operator/controller/recording-place.ts';
import { recorderPod } from '../../operator/controller/recorder-pod.ts';
import { recordingOf } from '../../operator/controller/testing/build.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../operator/runtime/kube/resource.ts';
import { run } from '../cluster/run-command.ts';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import { startCluster } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

type Rendered = KubeObject & { kind: string; spec?: unknown };
interface Env {
  name: string;
  value?: string;
}

/** What the chart makes of these values. */
async function render(values: object): Promise<Rendered[]> {
  const chart = join(import.meta.dirname, '../../charts/meetrec');
  await using folder = await tempDirectory('chart');
  const file = join(folder.path, 'values.yaml');
  await writeFile(file, stringify({ api: { enabled: false }, ...values }));
  const options = ['--namespace=meetings', '--kube-version=1.34.0', `--values=${file}`];
  const text = await run(await ensureTool('helm'), ['template', 'meetrec', chart, ...options]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

/** The recorder pod that a controller makes which the chart has configured. */
function recorderOf(objects: readonly Rendered[]) {
  const deployment = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'meetrec-controller',
  ) as { spec: { template: { spec: { containers: [{ env: Env[] }] } } } } | undefined;
  const env = deployment?.spec.template.spec.containers[0].env ?? [];
  const config = readConfig({
    ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
    STREAM_KEY_SECRET: 'x'.repeat(32),
  });
  const { masterKey, recorder } = config;
  const recording = recordingOf({ metadata: { namespace: 'meetings' } });
  const folder = newFolder(recording, recorder);
  return recorderPod({ recording, attempt: 1, folder, masterKey, config: recorder });
}

const resource = (group: string, version: string, plural: string, namespaced = true): Resource<Rendered> => ({
  group,
  version,
  plural,
  namespaced,
});
const PODS = resource('', 'v1', 'pods');
const KINDS: Readonly<Record<string, Resource<Rendered>>> = {
  ServiceAccount: resource('', 'v1', 'serviceaccounts'),
  PodDisruptionBudget: resource('policy', 'v1', 'poddisruptionbudgets'),
  PriorityClass: resource('scheduling.k8s.io', 'v1', 'priorityclasses', false),
};

describe('what keeps long recordings alive', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('is there without anything being set', async () => {
    const objects = await render({});
    expect(recorderOf(objects)).toMatchObject({
      metadata: {
        annotations: {
          'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
          'karpenter.sh/do-not-disrupt': 'true',
        },
      },
      spec: {
        terminationGracePeriodSeconds: 600,
        containers: [{ resources: { requests: { memory: '224Mi' }, limits: { memory: '224Mi' } } }],
      },
    });
    expect(objects.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
    expect(objects.map(({ kind }) => kind)).not.toContain('PriorityClass');
  });

  it('can be set in the chart, each of it, and a real API server takes it', async () => {
    const objects = await render({
      image: { pullSecrets: [{ name: 'registry' }] },
      recorder: {
        annotations: { 'karpenter.sh/do-not-disrupt': null, 'example.com/team': 'meetings' },
        nodeSelector: { pool: 'recorders' },
        tolerations: [{ key: 'recorders', operator: 'Exists', effect: 'NoSchedule' }],
        cpuRequest: '250m',
        cpuLimit: '2',
        memory: '512Mi',
        ephemeralStorage: '4Gi',
        ephemeralStorageRequest: '1Gi',
        terminationGracePeriodSeconds: 900,
        priority: 1000,
        eviction: 'Never',
      },
    });
    await cluster.kube.create(resource('', 'v1', 'namespaces', false), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'meetings', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    for (const object of objects) {
      const kind = KINDS[object.kind];
      if (kind) await cluster.kube.create(kind, object);
    }
    const pod = await cluster.kube.create(PODS, { kind: 'Pod', ...recorderOf(objects) });
    const { 'example.com/team': team, ...others } = pod.metadata.annotations ?? {};
    expect(team).toBe('meetings');
    expect(Object.keys(others).toSorted()).toEqual([
      'cluster-autoscaler.kubernetes.io/safe-to-evict',
      'meetrec.dev/folder',
      'meetrec.dev/max-duration-seconds',
    ]);
    expect(pod.spec).toMatchObject({
      nodeSelector: { pool: 'recorders' },
      terminationGracePeriodSeconds: 900,
      priorityClassName: 'meetings-meetrec-recorder',
      priority: 1000,
      tolerations: expect.arrayContaining([
        { key: 'recorders', operator: 'Exists', effect: 'NoSchedule' },
      ]) as unknown,
      containers: [
        {
          resources: {
            requests: { cpu: '250m', memory: '512Mi', 'ephemeral-storage': '1Gi' },
            limits: { cpu: '2', memory: '512Mi' },
          },
        },
      ],
    });
    // Pods of an account get its pull secrets.
    const account = objects.find(
      ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'meetrec-recorder',
    );
    expect(account).toMatchObject({ kind: 'ServiceAccount', imagePullSecrets: [{ name: 'registry' }] });
    const budgets = await cluster.kube.list(resource('policy', 'v1', 'poddisruptionbudgets'), {
      namespace: 'meetings',
    });
    expect(budgets.items.map(({ spec }) => spec)).toMatchObject([{ maxUnavailable: 0 }]);
  });
});
