import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shortUid } from '../../recorder-image/contract/key-template.ts';
import { EVENTS } from '../../operator/runtime/event-recorder.ts';
import { run as runCommand } from '../cluster/run-command.ts';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('a recording on a real API server', () => {
  let cluster: Cluster;
  let world: TestWorld;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    world = await TestWorld.start(cluster);
  });
  afterEach(async () => {
    expect(world.kubelet.errors).toEqual([]);
    await world[Symbol.asyncDispose]();
  });

  it('goes from the object to a pod, a push, a result and back to nothing but the object', async () => {
    await world.startController();
    await world.record('rec-1');
    const recording = await world.untilPhase('rec-1', 'Recording');
    expect(recording.status).toMatchObject({
      reason: 'Receiving',
      podName: 'rec-1-1',
      attempt: 1,
      agora: { converterId: 'converter-1' },
    });
    expect(recording.status?.ingest?.url).toMatch(/^rtmp:\/\/127\..*\/live$/);
    expect(recording.metadata.finalizers).toEqual(['meetrec.dev/recording']);

    await world.patchSpec('rec-1', { desiredState: 'Stopped' });
    await world.untilPhase('rec-1', 'Completed');
    await world.untilNoPods();
    const finished = await world.until('rec-1', 'released', ({ metadata }) => !metadata.finalizers?.length);
    expect(finished.status).toMatchObject({
      phase: 'Completed',
      reason: 'StopRequested',
      file: {
        bucket: 'test-bucket',
        key: `recordings/meeting-1/rec-1-${shortUid(finished.metadata.uid)}/recording.mp4`,
        sizeBytes: 123_456,
        format: 'mp4',
      },
      durationSeconds: 12.5,
      agora: { converterId: 'converter-1', state: 'ended' },
    });
    expect(finished.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Admitted=False',
      'Succeeded=True',
      'Complete=True',
      'RecorderReady=False',
      'Receiving=False',
      'Uploaded=True',
    ]);
    expect(world.agora.converters.size).toBe(0);
    expect(world.agora.everMade).toHaveLength(1);
    expect(world.kubelet.everSeen).toHaveLength(1);
  });

  it('writes its status when it has something to say, and tells each change once', async () => {
    await using proxy = new FaultProxy({ api: cluster.api, token: world.token, agoraUrl: world.agoraUrl });
    await world.startController(await proxy.listen());
    const statusWrites = () => proxy.writes.filter((write) => write === `PUT ${path}/status`).length;
    const path = `/apis/meetrec.dev/v1alpha1/namespaces/${world.namespace}/meetingrecordings/rec`;
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    const begunAt = Date.now();
    const stub = world.kubelet.stub('rec-1');
    const before = statusWrites();
    // News that are none for the object, and figures that grow all the time.
    for (let time = 0; time < 20; time += 1) {
      stub?.become('recording');
      await sleep(100);
    }
    expect(statusWrites() - before).toBeLessThanOrEqual(1 + (Date.now() - begunAt) / 15_000);
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.until('rec', 'let go', ({ metadata }) => !metadata.finalizers?.length);
    await world.untilNoPods();
    expect(statusWrites()).toBe(world.history.statusWrites('rec'));

    const changes = world.history.headlines('rec');
    const events = await waitFor(
      async () => {
        const { items } = await cluster.kube.list(EVENTS, { namespace: world.namespace });
        const told = items as unknown as { action: string; reason: string; series?: { count: number } }[];
        const lines = told.flatMap(({ action, reason, series }) =>
          Array.from({ length: series?.count ?? 1 }, () => `${action} ${reason}`),
        );
        return lines.length >= changes.length ? lines : undefined;
      },
      { what: 'an event for each change' },
    );
    expect(events.toSorted()).toEqual([...changes].toSorted());
  });

  it('goes on where its recorder says what no status can hold: that is left out, and logged once', async () => {
    const controller = await world.startController();
    const claims = {
      lastMediaAt: '9'.repeat(500),
      durationSeconds: -1,
      lastTermination: { exitCode: 1, at: 'never' },
      message: 'm'.repeat(10_000),
    };
    world.kubelet.onStart = (started) => started.claim({ ...claims, startedAt: 'yesterday' });
    await world.record('rec');
    const { status } = await world.untilPhase('rec', 'Recording');
    expect(status).not.toHaveProperty('startedAt');
    expect(status).not.toHaveProperty('lastTermination');
    const stub = world.kubelet.stub('rec-1');
    const startedAt = new Date().toISOString();
    stub?.claim({ ...claims, startedAt, durationSeconds: 1e300, state: 'remuxing' });
    const heard = await world.until('rec', 'begun', (recording) => recording.status?.startedAt === startedAt);
    expect(heard.status).toMatchObject({ phase: 'Recording', reason: 'Receiving' });
    expect(heard.status?.durationSeconds ?? 0).toBe(0);
    stub?.claim({ ...claims, startedAt, state: 'uploading' });
    const stopping = await world.until('rec', 'uploading', (recording) =>
      Boolean(recording.status?.message?.startsWith('mm')),
    );
    expect(stopping.status).toMatchObject({ phase: 'Stopping', message: 'm'.repeat(1024) });
    const exit = stub?.result('Stopped');
    if (exit) await world.kubelet.exit('rec-1', exit);
    await world.untilPhase('rec', 'Completed');
    const fields = controller
      .output()
      .split('\n')
      .filter((line) => line.includes('not valid and are ignored'))
      .flatMap((line) => Object.keys((JSON.parse(line) as { fields: object }).fields));
    const once = ['durationSeconds', 'lastMediaAt', 'lastTermination', 'startedAt', 'state'];
    expect(fields.toSorted()).toEqual(once);
  });

  it('can be waited for with kubectl, which also shows what it tells', async () => {
    const kubectl = await ensureTool('kubectl');
    const run = async (...args: string[]) =>
      await runCommand(kubectl, [`--kubeconfig=${cluster.api.kubeconfig}`, `-n=${world.namespace}`, ...args]);
    await world.startController();
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    const said = await run('wait', '--for=condition=Succeeded', 'mrec/rec', '--timeout=60s');
    expect(said).toContain('condition met');
    expect(await run('get', 'mrec', 'rec')).toMatch(/PHASE\s+MEETING\s+FORMAT\s+DURATION\s+SIZE\s+REASON/);
    expect(await run('events', '--for=mrec/rec')).toContain('StopRequested');
  });
});
