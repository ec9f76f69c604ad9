import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLLER_RULES, GATEWAY_RULES, SERVICE_RULES } from './controller-support/controller-rights.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
import { chartRights, renderChart, rightOf, rights, rightsOf } from './controller-support/rights.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';
import { waitFor } from '../support/wait-for.ts';

/** Checked by an admission plugin when an owner reference blocks deletion: never asked for by a request of its own. */
const WITHOUT_REQUEST = ['update meetrec.dev/meetingrecordings/finalizers'];

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

  it.each([
    ['nodePort', SERVICE_RULES, []],
    ['loadBalancer', SERVICE_RULES, []],
    ['gateway', GATEWAY_RULES, ['name', 'domain', 'tlsSecret']],
  ])('are more by what leads to a recorder alone, with %s', async (kind, rules, required) => {
    const settings = required.map((name) => `--set=ingest.gateway.${name}=x`);
    const more = await chartRights(`--set=ingest.exposure=${kind}`, ...settings);
    expect(more).toEqual(rights([...CONTROLLER_RULES, ...rules]));
  });

  it('are a namespace’s, as are those of everything else that the chart installs', async () => {
    const settings = ['name', 'domain', 'tlsSecret'].map((name) => `--set=ingest.gateway.${name}=x`);
    const chart = await renderChart('--set=ingest.exposure=gateway', ...settings);
    const rbac = chart.filter(({ kind }) => /Role|Binding/.test(kind));
    expect(
      rbac.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).toSorted(),
    ).toEqual([
      'Role meetings/meetrec-api',
      'Role meetings/meetrec-controller',
      'RoleBinding meetings/meetrec-api',
      'RoleBinding meetings/meetrec-controller',
    ]);
    for (const { subjects = [] } of rbac)
      for (const subject of subjects)
        expect(subject).toMatchObject({ kind: 'ServiceAccount', namespace: 'meetings' });
    expect(rightsOf('meetrec-api', chart)).toEqual(
      ['create', 'get', 'list', 'patch', 'watch'].map((verb) => `${verb} meetrec.dev/meetingrecordings`),
    );
    expect(rightsOf('meetrec-recorder', chart)).toEqual([]);
    const accounts = chart
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata }) => metadata.name);
    expect(accounts.toSorted()).toEqual(['meetrec-api', 'meetrec-controller', 'meetrec-recorder']);
  });

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
