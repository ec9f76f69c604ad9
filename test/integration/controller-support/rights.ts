import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run } from '../../cluster/run-command.ts';
import { ensureTool } from '../../cluster/toolchain/ensure-tool.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** `VERB GROUP/RESOURCE` of every right, sorted. */
export function rights(rules: readonly Rule[]): string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    )
    .toSorted();
}

interface Rendered {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
  roleRef?: { kind: string; name: string };
  subjects?: { kind: string; name: string; namespace: string }[];
}

/** Everything that the chart renders, the API and all that can be asked for included. */
export async function renderChart(...settings: string[]): Promise<Rendered[]> {
  const chart = join(import.meta.dirname, '../../../charts/meetrec');
  const options = ['--namespace=meetings', '--kube-version=1.34.0'];
  const api = [
    '--set=mongodb.uri=mongodb://db',
    '--set=auth.jwksUrl=https://keys',
    '--set=recorder.priority=1',
  ];
  const helm = await ensureTool('helm');
  const text = await run(helm, ['template', 'meetrec', chart, ...options, ...api, ...settings]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

/**
 * The rights of a service account, by every binding that names it. One that reaches beyond the namespace begins with the
 * kind of its binding or role.
 */
export function rightsOf(account: string, objects: readonly Rendered[]): string[] {
  const bindings = objects.filter(({ subjects = [] }) =>
    subjects.some(({ name, namespace }) => name === account && namespace === 'meetings'),
  );
  const granted = bindings.flatMap(({ kind, metadata, roleRef }) => {
    const role = objects.find(
      (object) => object.kind === roleRef?.kind && object.metadata.name === roleRef.name,
    );
    const beyond = [kind, roleRef?.kind ?? ''].filter((part) => part.startsWith('Cluster'));
    if (metadata.namespace !== 'meetings') beyond.push(`in ${metadata.namespace ?? 'the cluster'}`);
    return rights(role?.rules ?? []).map((right) => [...beyond, right].join(' '));
  });
  return granted.toSorted();
}

/** The rights of the controller as the chart renders them. */
export async function chartRights(...settings: string[]): Promise<string[]> {
  return rightsOf('meetrec-controller', await renderChart(...settings));
}

/** The right that a request needs, as the API server's authorizer names it. */
export function rightOf(method: string, path: string): string | undefined {
  const { pathname, searchParams } = new URL(path, 'http://api');
  const found =
    /^\/(?:api|apis\/([^/]+))\/v[^/]+\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(
      pathname,
    );
  if (!found) return undefined;
  const [, group = '', resource = '', name, subresource] = found;
  const read = searchParams.has('watch') ? 'watch' : name === undefined ? 'list' : 'get';
  const verbs: Record<string, string> = {
    GET: read,
    POST: 'create',
    PUT: 'update',
    PATCH: 'patch',
    DELETE: 'delete',
  };
  return `${verbs[method] ?? method} ${group}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}
