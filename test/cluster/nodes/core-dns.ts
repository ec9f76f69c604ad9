import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../control-plane/program.ts';
import type { ClusterPlan } from './plan.ts';

/** The name by which RBAC knows the DNS server. */
export const DNS_USER = 'system:coredns';

/**
 * Writes the DNS server's configuration and returns the program. It runs beside the control plane and not in a pod:
 * so it needs no image, and names resolve while a node is down.
 */
export async function prepareCoreDns(
  plan: ClusterPlan,
  options: { readonly command: string; readonly kubeconfig: string },
): Promise<Program> {
  const corefile = join(plan.directory, 'Corefile');
  await writeFile(
    corefile,
    `.:${plan.dnsPort} {
  bind ${plan.hostAddress}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${options.kubeconfig}
    ttl 5
  }
}
`,
  );
  return { name: 'coredns', command: options.command, args: ['-conf', corefile] };
}

/** The objects that make it the cluster's DNS: a service without a selector, and the right to read what it answers. */
export function dnsObjects(plan: ClusterPlan): object {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/service-name': 'kube-dns' };
  const metadata = { name: 'kube-dns', namespace: 'kube-system', labels };
  const ports = [
    { name: 'dns', protocol: 'UDP' },
    { name: 'dns-tcp', protocol: 'TCP' },
  ];
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: {
          clusterIP: plan.dnsServiceAddress,
          ports: ports.map((port) => ({ ...port, port: 53, targetPort: plan.dnsPort })),
        },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata,
        addressType: 'IPv4',
        endpoints: [{ addresses: [plan.hostAddress], conditions: { ready: true } }],
        ports: ports.map((port) => ({ ...port, port: plan.dnsPort })),
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: DNS_USER },
        rules: [
          {
            apiGroups: [''],
            resources: ['endpoints', 'services', 'pods', 'namespaces'],
            verbs: ['list', 'watch'],
          },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: DNS_USER },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: DNS_USER },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: DNS_USER }],
      },
    ],
  };
}
