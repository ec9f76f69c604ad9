import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deriveStreamKey } from '../../operator/crd/stream-key.ts';
import { waitFor } from '../support/wait-for.ts';
import { startStandingController } from './controller-support/standing-controller.ts';
import { startCluster, TestWorld } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

describe('waiting for a slot', () => {
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

  const stop = async (name: string) => {
    await world.patchSpec(name, { desiredState: 'Stopped' });
    await world.untilPhase(name, 'Completed');
  };

  it('lets the oldest in first, says who waits and where, and never lets in one too many', async () => {
    const names = ['rec-a', 'rec-b', 'rec-c', 'rec-d'];
    for (const name of names) await world.record(name);
    let most = 0;
    world.kubelet.onStart = () => {
      most = Math.max(most, world.kubelet.pods.filter(({ metadata }) => !metadata.deletionTimestamp).length);
    };
    await world.startController({ MAX_CONCURRENT_RECORDINGS: '2' });
    await world.untilPhase('rec-a', 'Recording');
    await world.untilPhase('rec-b', 'Recording');
    const third = await world.until('rec-c', 'queued', ({ status }) => status?.queuePosition === 1);
    expect(third.status).toMatchObject({ phase: 'Pending', reason: 'WaitingForSlot' });
    await world.until('rec-d', 'queued', ({ status }) => status?.queuePosition === 2);

    await stop('rec-b');
    const next = await world.untilPhase('rec-c', 'Recording');
    expect(next.status?.queuePosition).toBeUndefined();
    expect((await world.get('rec-d')).status?.phase).toBe('Pending');
    await stop('rec-a');
    await world.untilPhase('rec-d', 'Recording');
    const pods = world.kubelet.everSeen.map(({ name }) => name);
    expect(pods.slice(0, 2).sort()).toEqual(['rec-a-1', 'rec-b-1']);
    expect(pods.slice(2)).toEqual(['rec-c-1', 'rec-d-1']);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('a webm takes as many slots as its encoding costs, and is not passed by those that cost less', async () => {
    await world.startController({ MAX_CONCURRENT_RECORDINGS: '4', WEBM_WEIGHT: '3' });
    const webm = { output: { format: 'webm' } } as const;
    await world.record('rec-a', webm);
    await world.untilPhase('rec-a', 'Recording');
    await world.record('rec-b');
    await world.untilPhase('rec-b', 'Recording');
    await world.record('rec-c', webm);
    await world.until('rec-c', 'queued', ({ status }) => status?.queuePosition === 1);
    await stop('rec-b');
    await world.record('rec-d');
    await world.until('rec-d', 'queued', ({ status }) => status?.queuePosition === 2);
    expect((await world.get('rec-c')).status?.phase).toBe('Pending');
    await stop('rec-a');
    await world.untilPhase('rec-c', 'Recording');
    await world.untilPhase('rec-d', 'Recording');
    expect(world.kubelet.everSeen).toHaveLength(4);
  });

  it('a recording that is stopped while it waits ends without ever having had a pod', async () => {
    await world.startController({ MAX_CONCURRENT_RECORDINGS: '1' });
    await world.record('rec-a');
    await world.untilPhase('rec-a', 'Recording');
    await world.record('rec-b');
    await world.record('rec-c');
    await world.untilPhase('rec-b', 'Pending');
    await stopUnstarted('rec-b');
    await world.delete('rec-c');
    await world.untilGone('rec-c');
    expect(world.kubelet.everSeen.map(({ name }) => name)).toEqual(['rec-a-1']);
  });

  const stopUnstarted = async (name: string) => {
    await world.patchSpec(name, { desiredState: 'Stopped' });
    expect((await world.untilPhase(name, 'Failed')).status?.reason).toBe('NothingReceived');
  };

  it('a quota that is used up at Agora sends the recording back to wait, until there is room', async () => {
    let full = true;
    world.agora.refuse = (method) =>
      full && method === 'POST'
        ? { status: 429, body: { message: 'reach resource quota limit' } }
        : undefined;
    await world.startController();
    await world.record('rec');
    const waiting = await world.until(
      'rec',
      'refused',
      ({ status }) => status?.reason === 'ProviderQuotaExceeded',
    );
    expect(waiting.status?.phase).toBe('Pending');
    await world.untilNoPods();
    full = false;
    const recording = await world.untilPhase('rec', 'Recording');
    expect(recording.status).toMatchObject({ podName: expect.stringMatching(/^rec-\d$/) as unknown });
    expect(recording.status?.attempt).toBeGreaterThan(1);
    await stop('rec');
    await world.untilNoPods();
    expect(world.agora.converters.size).toBe(0);
  });

  it('a slot that is freed is used because of that, not because somebody looked again', async () => {
    await using _ = await startStandingController(world, { MAX_CONCURRENT_RECORDINGS: '1' });
    const rtmp = { source: { rtmp: {} } };
    await world.record('rec-a', rtmp);
    await world.until('rec-a', 'ready', ({ status }) => status?.reason === 'WaitingForPublisher');
    await world.record('rec-b', rtmp);
    await world.until('rec-b', 'queued', ({ status }) => status?.queuePosition === 1);
    await stopUnstarted('rec-a');
    await world.until('rec-b', 'ready', ({ status }) => status?.reason === 'WaitingForPublisher');
  });

  it('a quota of Agora that is not known costs one pod for each that is refused, and then one for each push', async () => {
    const names = ['rec-a', 'rec-b', 'rec-c', 'rec-d', 'rec-e', 'rec-f'];
    for (const name of names) await world.record(name);
    world.agora.refuse = (method) =>
      method === 'POST' && world.agora.converters.size >= 2
        ? { status: 429, body: { message: 'reach resource quota limit' } }
        : undefined;
    await using stack = new AsyncDisposableStack();
    const start = async () =>
      stack.use(await startStandingController(world, { MAX_CONCURRENT_RECORDINGS: '6' }));
    const first = await start();
    const pushed = async () => {
      const all = await Promise.all(names.map((name) => world.get(name)));
      return all.filter(({ status }) => status?.phase === 'Recording').map(({ metadata }) => metadata.name);
    };
    const untilTwoRecord = async () =>
      await waitFor(
        async () => {
          const recording = await pushed();
          return recording.length === 2 && world.kubelet.pods.length === 2 && recording;
        },
        { what: 'two to record, and no other pod to be there', timeoutMs: 45_000 },
      );
    let recording = await untilTwoRecord();
    expect(world.kubelet.everSeen).toHaveLength(6);
    for (let ended = 1; ended <= 4; ended++) {
      await stop(recording[0] ?? '');
      recording = await untilTwoRecord();
      expect(world.kubelet.everSeen).toHaveLength(6 + ended);
      if (ended !== 2) continue;
      // One that takes over knows as much.
      await first[Symbol.asyncDispose]();
      await start();
    }
    for (const name of recording) await stop(name);
    expect(world.agora.everMade).toHaveLength(6);
  }, 120_000);

  it('an Agora that never answers keeps no other recording waiting', async () => {
    world.agora.hangs = (method) => method === 'POST';
    const names = Array.from({ length: 12 }, (_, i) => `rec-${i + 10}`);
    for (const name of names) await world.record(name);
    await world.startController({ MAX_CONCURRENT_RECORDINGS: '20' });
    await waitFor(() => world.agora.mostHanging > 0, { what: 'Agora to be asked' });
    await world.record('obs', { source: { rtmp: {} } });
    await world.until('obs', 'ready', ({ status }) => status?.reason === 'WaitingForPublisher');
    for (const name of names)
      await world.until(name, 'asking', ({ status }) => status?.reason === 'RequestingPush');
    // Half of the ten workers: the others are there for everything else.
    expect(world.agora.mostHanging).toBeLessThanOrEqual(5);
    world.agora.hangs = () => false;
    for (const name of names) await world.untilPhase(name, 'Recording');
  }, 120_000);

  it('a pod of another owner under its name is waited for, not taken', async () => {
    const foreign = await world.foreignPod('rec-1');
    await world.startController();
    await world.record('rec');
    const waiting = await world.until('rec', 'told', ({ status }) =>
      /in the way/.test(status?.message ?? ''),
    );
    expect(waiting.status).toMatchObject({ phase: 'Starting', reason: 'CreatingRecorder' });
    await foreign.remove();
    await world.untilPhase('rec', 'Recording');
  });

  it('a ResourceQuota that refuses the pod is named, and the pod is made when there is room', async () => {
    const quota = await world.resourceQuota('no-pods', '0');
    await world.startController();
    await world.record('rec');
    const refused = await world.until(
      'rec',
      'refused',
      ({ status }) => status?.reason === 'ResourceQuotaExceeded',
    );
    expect(refused.status?.message).toContain('no-pods');
    await quota.setHard('10');
    await world.untilPhase('rec', 'Recording');
  });

  it('a push that no recording knows is ended, and those of others are left alone', async () => {
    const master = 'a-master-key-of-at-least-32-characters';
    const push = (id: string, uid: string, key: string) => {
      const rtmpUrl = `rtmp://127.0.0.1/live/${deriveStreamKey(key, uid)}`;
      world.agora.converters.set(id, { id, name: `meetrec-${uid}`, channel: 'c', rtmpUrl });
    };
    push('orphan', 'gone', master);
    push('foreign', 'elsewhere', 'the master key of another installation');
    await world.startController({ PUSH_SWEEP_INTERVAL: '1', STREAM_KEY_SECRET: master });
    await world.record('rec');
    await world.untilPhase('rec', 'Recording');
    await waitFor(() => !world.agora.converters.has('orphan'), { what: 'the orphaned push to be ended' });
    expect([...world.agora.converters.keys()].toSorted()).toEqual(['converter-1', 'foreign']);
    await stop('rec');
  });

  it('a recording that needs no Agora does not wait for its quota', async () => {
    world.agora.refuse = (method) =>
      method === 'POST' ? { status: 429, body: { message: 'reach resource quota limit' } } : undefined;
    await world.startController();
    await world.record('rec-a');
    await world.until('rec-a', 'refused', ({ status }) => status?.reason === 'ProviderQuotaExceeded');
    await world.record('rec-b', { source: { rtmp: {} } });
    const ready = await world.until(
      'rec-b',
      'ready',
      ({ status }) => status?.reason === 'WaitingForPublisher',
    );
    expect(ready.status?.ingest?.url).toMatch(/^rtmp:\/\//);
    world.kubelet.stub('rec-b-1')?.become('recording');
    await world.untilPhase('rec-b', 'Recording');
  });
});
