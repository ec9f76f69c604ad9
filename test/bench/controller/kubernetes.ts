import { KubeConfig } from '@kubernetes/client-node';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTool } from '../../cluster/toolchain/ensure-tool.ts';
import { customResourceDefinition } from '../../../operator/crd/custom-resource-definition.ts';
import { MEETING_RECORDINGS } from '../../../operator/controller/kube-objects.ts';
import { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { KubeConfigConnection } from '../../../operator/runtime/kube/connection.ts';
import type { KubeObject } from '../../../operator/runtime/kube/objects.ts';
import { startChild } from '../../support/child-process.ts';
import { startKubeApi } from '../../support/kube-api.ts';
import type { KubeApi } from '../../support/kube-api.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { waitFor } from '../../support/wait-for.ts';
import { auditPolicy } from './api-calls.ts';
import { NODE_NAME, kwokConfig } from './kwok-config.ts';
import { NAMESPACE, setupObjects, tokenRequest } from './setup-objects.ts';
import type { Setup } from './setup-objects.ts';

/** A real API server and etcd with pods that kwok runs, used by one run alone. */
export interface Kubernetes extends AsyncDisposable {
  readonly kube: KubeClient;
  /** Path of the kubeconfig of the controller that is measured: a user of its own, so that its calls can be counted. */
  readonly controllerKubeconfig: string;
  /** The API server's log of what that user has called. */
  readonly auditLog: string;
}

/** The API server, etcd and kwok, which are not measured, collect garbage less often than Go programs do by themselves. */
const HELPERS_GOGC = '400';
const AUDIT_LOG_MB = 100_000;
/** Where kwok's pods get their addresses: all of it is this machine's loopback. */
const POD_RANGE = '127.64.0.0/10';

export async function startKubernetes(): Promise<Kubernetes> {
  process.env['GOGC'] = HELPERS_GOGC;
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDirectory('bench-controller'));
  const file = (name: string): string => join(folder.path, name);
  await writeFile(file('audit-policy.yaml'), JSON.stringify(auditPolicy()));
  await writeFile(file('kwok.yaml'), kwokConfig());
  const api = stack.use(
    await startKubeApi({
      extraArgs: [
        // Without the node controllers, nobody would take the taint off again that it gives new nodes.
        '--disable-admission-plugins=TaintNodesByCondition',
        '--feature-gates=MutatingAdmissionPolicy=true',
        '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
        `--audit-policy-file=${file('audit-policy.yaml')}`,
        `--audit-log-path=${file('audit.log')}`,
        '--audit-log-mode=batch',
        // Megabytes: 10,000 recordings write more than the 100 after which it would begin another file.
        `--audit-log-maxsize=${AUDIT_LOG_MB}`,
      ],
    }),
  );
  const config = new KubeConfig();
  config.loadFromFile(api.kubeconfig);
  const connection = new KubeConfigConnection(config);
  stack.defer(() => connection.close());
  const kube = new KubeClient({ connection });
  const objects: Setup[] = [...setupObjects(NODE_NAME), crd()];
  for (const { resource, object } of objects) await kube.create(resource, object);
  await waitFor(async () => (await kube.list(MEETING_RECORDINGS)).items.length === 0, {
    what: 'the API server to serve MeetingRecordings',
  });
  const kwok = await startChild({
    name: 'kwok',
    command: await ensureTool('kwok'),
    args: [
      `--kubeconfig=${api.kubeconfig}`,
      `--config=${file('kwok.yaml')}`,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=0',
      `--cidr=${POD_RANGE}`,
      '--server-address=127.0.0.1:0',
    ],
  });
  stack.use(kwok);
  const { resource, object } = tokenRequest();
  const issued = await kube.create<KubeObject & { status?: { token: string } }>(resource, object);
  await writeFile(file('kubeconfig'), kubeconfig(api, issued.status?.token ?? ''));
  const running = stack.move();
  return {
    kube,
    controllerKubeconfig: file('kubeconfig'),
    auditLog: file('audit.log'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function crd(): Setup {
  return {
    resource: {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
      namespaced: false,
    },
    object: customResourceDefinition() as unknown as KubeObject,
  };
}

function kubeconfig(api: KubeApi, token: string): string {
  const cluster = { server: api.server, 'certificate-authority': api.certificateAuthority };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace: NAMESPACE } }],
  });
}
