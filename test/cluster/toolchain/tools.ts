/** How a distribution's programs come to be; every way is a plain Go build without cgo. */
export type Build =
  /** `go install module@version`. */
  | { readonly kind: 'install'; readonly package: string }
  /**
   * `go build` in a module of ours under `test/cluster/tools`, for programs whose own go.mod has
   * replaces (which `go install` refuses) or that need a main of ours. `target` is the package,
   * or `tool` for everything that the module's `tool` lines name.
   */
  | { readonly kind: 'module'; readonly folder: string; readonly target: string; readonly ldflags?: string };

/** Programs that are built together. The version is part of the cache key: a change of sources needs a new one. */
export interface Distribution {
  readonly name: string;
  readonly version: string;
  readonly programs: readonly string[];
  readonly build: Build;
}

const KUBERNETES = 'v1.34.4';

export const distributions = [
  {
    // 1.34 is the last minor whose kubelet starts on a cgroup v1 machine without being talked into it.
    name: 'kubernetes',
    version: KUBERNETES,
    programs: [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-proxy',
      'kube-scheduler',
      'kubectl',
      'kubelet',
    ],
    build: {
      kind: 'module',
      folder: 'kubernetes',
      target: 'tool',
      // Without these, clients and `kubectl get nodes` see v0.0.0.
      ldflags: [
        `-X k8s.io/component-base/version.gitVersion=${KUBERNETES}`,
        '-X k8s.io/component-base/version.gitMajor=1',
        '-X k8s.io/component-base/version.gitMinor=34',
      ].join(' '),
    },
  },
  {
    name: 'etcd',
    version: 'v3.6.8',
    programs: ['etcd'],
    build: { kind: 'module', folder: 'etcd', target: 'go.etcd.io/etcd/server/v3' },
  },
  {
    name: 'ferretdb',
    version: 'v1.24.2',
    programs: ['ferretdb'],
    build: { kind: 'module', folder: 'ferretdb', target: '.' },
  },
  {
    name: 'pause',
    version: 'v1.0.0',
    programs: ['pause'],
    build: { kind: 'module', folder: 'pause', target: '.' },
  },
  {
    name: 'versitygw',
    version: 'v1.8.0',
    programs: ['versitygw'],
    build: { kind: 'install', package: 'github.com/versity/versitygw/cmd/versitygw' },
  },
  {
    // A second S3 server, for the tests of uploads alone: 7 minutes of processor time from nothing.
    name: 'seaweedfs',
    version: 'v0.0.0-20261109003541-7506e5f91cd6',
    programs: ['seaweedfs'],
    build: { kind: 'module', folder: 'seaweedfs', target: 'github.com/seaweedfs/seaweedfs/weed' },
  },
  {
    name: 'helm',
    version: 'v3.22.0',
    programs: ['helm'],
    build: { kind: 'install', package: 'helm.sh/helm/v3/cmd/helm' },
  },
  {
    name: 'coredns',
    version: 'v1.15.0',
    programs: ['coredns'],
    build: { kind: 'install', package: 'github.com/coredns/coredns' },
  },
  {
    name: 'kind',
    version: 'v0.33.0',
    programs: ['kind'],
    build: { kind: 'install', package: 'sigs.k8s.io/kind' },
  },
  {
    // Plays nodes and pods for `make bench-controller`.
    name: 'kwok',
    version: 'v0.8.0',
    programs: ['kwok'],
    build: { kind: 'install', package: 'sigs.k8s.io/kwok/cmd/kwok' },
  },
  {
    // A gateway for end-to-end tests, of Traefik v3.7.13.
    name: 'traefik-gateway',
    version: 'v1.0.0',
    programs: ['traefik-gateway'],
    build: { kind: 'module', folder: 'traefik-gateway', target: '.' },
  },
  {
    // The controller that ours is measured against, on controller-runtime v0.22.4.
    name: 'bench-controller',
    version: 'v1.0.4',
    programs: ['bench-controller'],
    build: { kind: 'module', folder: 'bench-controller', target: '.' },
  },
] as const satisfies readonly Distribution[];

export type ToolName = (typeof distributions)[number]['programs'][number];

export const toolNames: readonly ToolName[] = distributions.flatMap((distribution) => [
  ...distribution.programs,
]);

/** The distribution that a program comes with. */
export function distributionOf(tool: ToolName): Distribution {
  const found = distributions.find((distribution: Distribution) => distribution.programs.includes(tool));
  if (found === undefined) throw new Error(`no distribution has the program ${tool}`);
  return found;
}
