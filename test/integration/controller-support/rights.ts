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

/** The rights of the controller's Role as the chart renders it. */
export async function chartRights(...settings: string[]): Promise<string[]> {
  const chart = join(import.meta.dirname, '../../../charts/meetrec');
  const options = ['--show-only=templates/rbac.yaml', '--kube-version=1.34.0', '--set=api.enabled=false'];
  const helm = await ensureTool('helm');
  const text = await run(helm, ['template', 'meetrec', chart, ...options, ...settings]);
  const objects = parseAllDocuments(text).map(
    (document) => document.toJS() as { kind?: string; rules?: Rule[] },
  );
  return rights(objects.filter(({ kind }) => kind === 'Role').flatMap(({ rules = [] }) => rules));
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
