import { describe, expect, it } from 'vitest';
import type { RecorderStatus } from '../../../recorder-image/contract/status.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { ApiError } from '../../runtime/kube/api-error.ts';
import type { Service } from '../ingest-service.ts';
import type { Pass } from '../pass.ts';
import type { ReachTarget } from '../reach.ts';
import type { Found } from '../remembered-reach.ts';
import { UID, NOW_MS, config, liveStatus, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import type { World } from '../world.ts';
import { endpoint } from './endpoint.ts';

const RUNNING = { state: { running: {} }, ready: true } as const;

function passAt(ageSeconds: number, status: MeetingRecordingStatus = { phase: 'Starting' }): Pass {
  const recording = recordingOf({ status });
  return passOf(recording, {
    pod: podOf(recording, { container: RUNNING }),
    nowMs: NOW_MS + ageSeconds * 1000,
  });
}

interface Way {
  world: World;
  asked: ReachTarget[];
  /** What the look says. */
  found: Found;
  service: Service | undefined;
}

/** An installation with a load balancer for each recorder. */
function balanced({ proxyProtocol = false } = {}): Way {
  const way: Omit<Way, 'world'> = { asked: [], found: 'looking', service: undefined };
  const missing = new ApiError({ status: 404, reason: 'NotFound', message: 'not found' });
  const world = worldOf({
    kube: {
      get: async () => await (way.service ? Promise.resolve(way.service as never) : Promise.reject(missing)),
      create: async (_, manifest) => await Promise.resolve((way.service = manifest) as never),
    },
  });
  const ingest = { ...config.ingest, exposure: 'loadBalancer', proxyProtocol } as const;
  return Object.assign(way, {
    world: {
      ...world,
      config: { ...config, ingest },
      reach: {
        look: (_key: string, target: ReachTarget) => {
          way.asked.push(target);
          return way.found;
        },
      },
    },
  });
}

describe('the endpoint', () => {
  it("is the pod's own address inside the cluster, without a look", async () => {
    const pass = passAt(1);
    await endpoint(pass, worldOf());
    expect(pass.status.value.ingest).toEqual({ url: 'rtmp://10.0.0.7:1935/live' });
    expect(pass.status.is('RecorderReady')).toBe(true);
  });

  it('waits for the address of a load balancer, and then until a recorder answers there', async () => {
    const way = balanced();
    const first = passAt(1);
    await endpoint(first, way.world);
    expect(first.status.value).toMatchObject({ phase: 'Starting', reason: 'LoadBalancerPending' });
    expect(first.status.value.ingest).toBeUndefined();
    expect(first.requeueAfterMs).toBe(500);
    expect(way.asked).toEqual([]);

    Object.assign(way.service ?? {}, {
      status: { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } },
    });
    const looking = passAt(29, first.status.value);
    expect(await endpoint(looking, way.world)).toBe('next');
    expect(looking.status.value).toEqual(first.status.value);
    expect(looking.requeueAfterMs).toBe(3000);

    way.found = { trouble: 'ENOTFOUND' };
    const second = passAt(30);
    await endpoint(second, way.world);
    expect(second.status.value.reason).toBe('IngestUnreachable');
    expect(second.status.value.message).toBe(
      'The recorder listens, but does not answer at lb.example.com:1935 yet: ENOTFOUND',
    );
    expect(second.requeueAfterMs).toBe(3000);
    const asked = { host: 'lb.example.com', port: 1935 };
    expect(way.asked).toEqual([asked, asked]);

    way.found = { trouble: undefined };
    const third = passAt(40);
    await endpoint(third, way.world);
    expect(third.status.value.ingest).toEqual({ url: 'rtmp://lb.example.com:1935/live' });
    expect(third.status.value.reason).toBe('WaitingForPublisher');
  });

  it.each([
    { ingress: { ip: '192.0.2.1' }, proxyProtocol: true, mayBypassProxy: true },
    { ingress: { ip: '192.0.2.1', ipMode: 'VIP' }, proxyProtocol: true, mayBypassProxy: true },
    { ingress: { ip: '192.0.2.1', ipMode: 'Proxy' }, proxyProtocol: true },
    { ingress: { hostname: 'lb.example.com' }, proxyProtocol: true },
    { ingress: { ip: '192.0.2.1' }, proxyProtocol: false },
  ])(
    'is looked at with a header of its own where the cluster leads past the balancer: $ingress, $proxyProtocol',
    async ({ ingress, proxyProtocol, mayBypassProxy }) => {
      const way = balanced({ proxyProtocol });
      await endpoint(passAt(1), way.world);
      Object.assign(way.service ?? {}, { status: { loadBalancer: { ingress: [ingress] } } });
      await endpoint(passAt(2), way.world);
      expect(way.asked.map((target) => target.mayBypassProxy)).toEqual([mayBypassProxy]);
    },
  );

  it('is given up when the time to start is over, with what held it up', async () => {
    const pass = passAt(config.startTimeoutSeconds + 1);
    await endpoint(pass, balanced().world);
    expect(pass.status.value).toMatchObject({ phase: 'Failed', reason: 'StartTimeout' });
    expect(pass.status.value.message).toContain('has no address yet');
  });

  it('makes a recorder count as lost that was to take the place of another', async () => {
    const pass = passAt(config.startTimeoutSeconds + 1, {
      phase: 'Recording',
      startedAt: '2026-01-01T00:00:00Z',
    });
    await endpoint(pass, balanced().world);
    expect(pass.status.phase).toBe('Recording');
    expect(pass.recorder).toMatchObject({ is: 'lost', how: 'failed' });
  });

  it('stays as it was found: what was reachable once is not looked at again', async () => {
    const way = balanced();
    way.found = { trouble: 'ECONNREFUSED' };
    const pass = passAt(1000, { phase: 'Recording', ingest: { url: 'rtmp://lb.example.com:1935/live' } });
    await endpoint(pass, way.world);
    expect(way.asked).toEqual([]);
    expect(pass.status.is('RecorderReady')).toBe(true);
  });
});

describe('the way to a recorder that nothing comes from', () => {
  const url = 'rtmp://lb.example.com:1935/live';
  const lost: MeetingRecordingStatus = {
    phase: 'Recording',
    reason: 'Reconnecting',
    startedAt: '2026-01-01T00:00:00Z',
    ingest: { url },
    agora: { converterId: 'c1', state: 'running' },
  };
  const at = (hostname: string) => ({ status: { loadBalancer: { ingress: [{ hostname }] } } });

  async function look(
    way: Way,
    state: RecorderStatus['state'] = 'reconnecting',
    status = lost,
  ): Promise<Pass> {
    const pass = { ...passAt(1000, status), live: liveStatus({ state }) };
    await endpoint(pass, way.world);
    return pass;
  }

  it('is made anew where somebody has taken it away, and says what it waits for', async () => {
    const way = balanced();
    const pass = await look(way);
    expect(way.service?.metadata.name).toBe(`meetrec-${UID}-1`);
    expect(pass.status.condition('RecorderReady')).toMatchObject({
      status: 'False',
      reason: 'LoadBalancerPending',
    });
    expect(pass.status.value).toMatchObject({ phase: 'Recording', ingest: { url } });
    // The same is said until the next look.
    const again = await look(way);
    expect(again.status.condition('RecorderReady')?.reason).toBe('LoadBalancerPending');
    expect([pass.requeueAfterMs, again.requeueAfterMs]).toEqual([10_000, 10_000]);
  });

  it('is looked at once in ten seconds at most, and not while media arrives', async () => {
    const way = balanced();
    await look(way, 'recording');
    expect(way.service).toBeUndefined();
    await look(way);
    way.service = undefined;
    await look(way);
    expect(way.service).toBeUndefined();
    await (way.world.clock as FakeClock).advance(10_000);
    await look(way);
    expect(way.service).toBeDefined();
  });

  it('is first given the time for the publisher to come', async () => {
    const way = balanced();
    const { startedAt: _, ...waiting } = lost;
    const pass = await look(way, 'waiting', waiting);
    expect(way.service).toBeUndefined();
    expect(pass.requeueAfterMs).toBe(10_000);
  });

  it('leads the push to its new address, once a recorder answers there', async () => {
    const way = balanced();
    await look(way);
    Object.assign(way.service ?? {}, at('other.example.com'));
    way.found = { trouble: 'ENOTFOUND' };
    await (way.world.clock as FakeClock).advance(10_000);
    const unreachable = await look(way);
    expect(unreachable.status.condition('RecorderReady')?.reason).toBe('IngestUnreachable');
    expect(unreachable.status.value).toMatchObject({ ingest: { url }, agora: { converterId: 'c1' } });
    way.found = { trouble: undefined };
    await (way.world.clock as FakeClock).advance(10_000);
    const moved = await look(way);
    expect(moved.status.value.ingest).toEqual({ url: 'rtmp://other.example.com:1935/live' });
    expect(moved.status.value.agora).toBeUndefined();
    expect(moved.status.is('RecorderReady')).toBe(true);
  });

  it('stays the same where a balancer has several addresses, in whatever order', async () => {
    const way = balanced();
    await look(way);
    const ingress = [{ hostname: 'other.example.com' }, { hostname: 'lb.example.com' }];
    Object.assign(way.service ?? {}, { status: { loadBalancer: { ingress } } });
    await (way.world.clock as FakeClock).advance(10_000);
    const pass = await look(way);
    expect(pass.status.value).toMatchObject({ ingest: { url }, agora: { converterId: 'c1' } });
    expect(pass.status.is('RecorderReady')).toBe(true);
    expect(way.asked).toEqual([]);
  });

  it('is made under the port that it had, or under another where that is taken', async () => {
    const asked: (number | undefined)[] = [];
    const taken = new ApiError({ status: 422, reason: 'Invalid', message: 'port is already allocated' });
    const missing = new ApiError({ status: 404, reason: 'NotFound', message: 'not found' });
    const create = async (_: unknown, { spec }: Service) => {
      const [port] = spec?.ports ?? [];
      asked.push(port?.nodePort);
      if (port?.nodePort !== undefined) return await Promise.reject(taken);
      return await Promise.resolve({ spec: { ports: [{ nodePort: 30_002 }] } } as never);
    };
    const kube = {
      get: async () => await Promise.reject(missing),
      create: create as World['kube']['create'],
    };
    const world = worldOf({ kube });
    const ingest = { ...config.ingest, exposure: 'nodePort', host: 'nodes.example.com' } as const;
    const pass = passAt(1000, { ...lost, ingest: { url: 'rtmp://nodes.example.com:30001/live' } });
    await endpoint(pass, { ...world, config: { ...config, ingest } });
    expect(asked).toEqual([30_001, undefined]);
    expect(pass.status.value.ingest).toEqual({ url: 'rtmp://nodes.example.com:30002/live' });
  });

  it('that is refused is waited for, and the recording goes on', async () => {
    const way = balanced();
    const message = 'exceeded quota: services, requested: services=1, used: services=9';
    const refusal = new ApiError({ status: 403, reason: 'Forbidden', message });
    Object.assign(way.world.kube, { create: async () => await Promise.reject(refusal) });
    const pass = await look(way);
    expect(pass.status.condition('RecorderReady')?.message).toContain('exceeded quota: services');
    const first = passAt(config.startTimeoutSeconds + 1);
    await endpoint(first, way.world);
    expect(first.status.value).toMatchObject({ phase: 'Failed', reason: 'StartTimeout' });
  });
});
