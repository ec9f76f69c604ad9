import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run } from '../cluster/run-command.ts';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { CONTROLLER_RULES } from './controller-support/controller-rights.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';
import { waitFor } from '../support/wait-for.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** Checked by an admission plugin when an owner reference blocks deletion: never asked for by a request of its own. */
const WITHOUT_REQUEST = ['update meetrec.dev/meetingrecordings/finalizers'];

/** `VERB GROUP/RESOURCE` of every right, sorted. */
function rights(rules: readonly Rule[]): string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    )
    .toSorted();
}

/** The rights of the controller's Role as the chart renders it. */
async function chartRights(...settings: string[]): Promise<string[]> {
  const chart = join(import.meta.dirname, '../../charts/meetrec');
  const options = ['--show-only=templates/rbac.yaml', '--kube-version=1.34.0', '--set=api.enabled=false'];
  const helm = await ensureTool('helm');
  const text = await run(helm, ['template', 'meetrec', chart, ...options, ...settings]);
  const objects = parseAllDocuments(text).map(
    (document) => document.toJS() as { kind?: string; rules?: Rule[] },
  );
  return rights(objects.filter(({ kind }) => kind === 'Role').flatMap(({ rules = [] }) => rules));
}

/** The right that a request needs, as the API server's authorizer names it. */
function rightOf(method: string, path: string): string | undefined {
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

describe('the rights of the controller', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('are in the chart what they are in the tests, which all run with them', async () => {
    expect(await chartRights()).toEqual(rights(CONTROLLER_RULES));
  });

  it.each(['nodePort', 'loadBalancer'])(
    'are more by Services alone where there is one for each recorder: %s',
    async (kind) => {
      const more = await chartRights(`--set=ingest.exposure=${kind}`);
      const usual = new Set(rights(CONTROLLER_RULES));
      expect(more.filter((right) => !usual.has(right))).toEqual(['create /services', 'get /services']);
      expect(more).toHaveLength(usual.size + 2);
    },
  );

  it('are all used in the life of recordings, and no other is asked for', async () => {
    await using world = await TestWorld.start(cluster);
    await using proxy = new FaultProxy({ api: cluster.api, token: world.token, agoraUrl: world.agoraUrl });
    const environment = await proxy.listen();
    await world.startController({ ...environment, LEADER_ELECTION: 'true' });
    await world.record('rec', { ttlSecondsAfterFinished: 1 });
    await world.untilPhase('rec', 'Recording');
    const become = async (state: 'reconnecting' | 'recording', reason: string) => {
      world.kubelet.stub('rec-1')?.become(state);
      await world.until('rec', reason, ({ status }) => status?.reason === reason);
    };
    // The same event twice is one event with a count.
    for (let time = 0; time < 2; time += 1) {
      await become('reconnecting', 'Reconnecting');
      await become('recording', 'Receiving');
    }
    // A pod that the cache does not have any more is looked up before it counts as gone.
    await world.removeByForce('rec-1');
    await world.until('rec', 'recorded by another', ({ status }) => status?.podName === 'rec-2');
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilGone('rec');
    await world.untilNoPods();
    const used = () =>
      new Set(
        proxy.requests.flatMap(([method, path]) => {
          const right = rightOf(method, path);
          return right === undefined ? [] : [right];
        }),
      );
    const granted = rights(CONTROLLER_RULES).filter((right) => !WITHOUT_REQUEST.includes(right));
    // Events are sent a little later than the rest, and a lease is first renewed after two seconds.
    await waitFor(() => granted.every((right) => used().has(right)), {
      what: 'every right to be used',
      timeoutMs: 45_000,
    });
    expect([...used()].toSorted()).toEqual(granted);
    expect(proxy.refused).toEqual([]);
  }, 120_000);
});
