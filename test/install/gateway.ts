import type { TestCertificate } from '../support/certificate.ts';
import { gatewayApiFiles } from '../support/gateway-api.ts';
import { readFile } from 'node:fs/promises';
import type { Kubectl } from './kubectl.ts';

export const GATEWAY = {
  name: 'dev-gateway',
  listener: 'rtmps',
  port: 8443,
  secret: 'dev-gateway-tls',
} as const;

const GROUP = 'gateway.networking.k8s.io';

/**
 * Installs a gateway into the namespace: the Gateway API's resources where the cluster has none, Traefik's controller and
 * proxy, a Gateway that hands TLS through, and the certificate for what stands behind it. Disposing of it removes what
 * is not the namespace's.
 */
export async function installGateway(
  kubectl: Kubectl,
  options: { image: string; certificate: TestCertificate },
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const definitions = (await gatewayApiFiles()).flatMap((file) => ['-f', file]);
  const known = await kubectl.run('get', 'crd', `tlsroutes.${GROUP}`, '--ignore-not-found', '--output=name');
  if (known === '') {
    stack.defer(async () => void (await kubectl.run('delete', '--ignore-not-found', ...definitions)));
    await kubectl.run('apply', '--server-side', ...definitions);
    await kubectl.run('wait', '--for=condition=Established', '--timeout=60s', ...definitions);
  }
  const objects = [
    ...(await secret(options.certificate)),
    ...rights(kubectl.namespace),
    ...proxy(options.image),
  ];
  for (const object of [...objects, ...gateway()]) {
    if (!('namespaced' in object)) {
      await kubectl.apply(object);
      continue;
    }
    const { namespaced: _, ...wide } = object;
    stack.defer(async () => void (await kubectl.run('delete', wide.kind, wide.metadata.name)));
    await kubectl.apply(wide);
  }
  await kubectl.run('rollout', 'status', `deployment/${GATEWAY.name}`, '--timeout=120s');
  const running = stack.move();
  return { [Symbol.asyncDispose]: () => running.disposeAsync() };
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}
type Wide = Manifest & { namespaced: false };

async function secret({ certPath, keyPath, ca }: TestCertificate): Promise<Manifest[]> {
  const stringData = {
    'tls.crt': await readFile(certPath, 'utf8'),
    'tls.key': await readFile(keyPath, 'utf8'),
    'ca.crt': ca,
  };
  const metadata = { name: GATEWAY.secret };
  return [{ apiVersion: 'v1', kind: 'Secret', metadata, ...{ type: 'kubernetes.io/tls', stringData } }];
}

function rights(namespace: string): (Manifest | Wide)[] {
  const rbac = 'rbac.authorization.k8s.io';
  const name = `${namespace}-${GATEWAY.name}`;
  const read = ['get', 'list', 'watch'];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: GATEWAY.name } },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      namespaced: false,
      ...{
        rules: [
          {
            apiGroups: [''],
            resources: ['services', 'namespaces', 'nodes', 'secrets', 'configmaps'],
            verbs: read,
          },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
          { apiGroups: [GROUP], resources: ['*'], verbs: [...read, 'update', 'patch'] },
        ],
      },
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      namespaced: false,
      ...{
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
        subjects: [{ kind: 'ServiceAccount', namespace, name: GATEWAY.name }],
      },
    },
  ];
}

function proxy(image: string): Manifest[] {
  const labels = { app: GATEWAY.name };
  const container = {
    name: 'gateway',
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'rtmps', containerPort: GATEWAY.port }],
    readinessProbe: { tcpSocket: { port: 'rtmps' }, periodSeconds: 1 },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const pod = { serviceAccountName: GATEWAY.name, securityContext, containers: [container] };
  const metadata = { name: GATEWAY.name };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      ...{
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: pod },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      ...{ spec: { selector: labels, ports: [{ name: 'rtmps', port: GATEWAY.port, targetPort: 'rtmps' }] } },
    },
  ];
}

function gateway(): (Manifest | Wide)[] {
  const listener = {
    name: GATEWAY.listener,
    port: GATEWAY.port,
    protocol: 'TLS',
    tls: { mode: 'Passthrough' },
  };
  return [
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: GATEWAY.name },
      namespaced: false,
      ...{ spec: { controllerName: 'traefik.io/gateway-controller' } },
    },
    {
      apiVersion: `${GROUP}/v1`,
      kind: 'Gateway',
      metadata: { name: GATEWAY.name },
      ...{ spec: { gatewayClassName: GATEWAY.name, listeners: [listener] } },
    },
  ];
}
