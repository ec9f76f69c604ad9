import { describe, expect, it } from 'vitest';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import { ApiError } from '../../runtime/kube/api-error.ts';
import type { Service } from '../ingest-service.ts';
import type { Pass } from '../pass.ts';
import type { ReachTarget } from '../reach.ts';
import { NOW_MS, config, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
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
  trouble: string | undefined;
  service: Service | undefined;
}

/** An installation with a load balancer for each recorder. */
function balanced(): Way {
  const way: Omit<Way, 'world'> = { asked: [], trouble: undefined, service: undefined };
  const missing = new ApiError({ status: 404, reason: 'NotFound', message: 'not found' });
  const world = worldOf({
    kube: {
      get: async () => await (way.service ? Promise.resolve(way.service as never) : Promise.reject(missing)),
      create: async (_, manifest) => await Promise.resolve((way.service = manifest) as never),
    },
  });
  const ingest = { ...config.ingest, exposure: 'loadBalancer' } as const;
  return Object.assign(way, {
    world: {
      ...world,
      config: { ...config, ingest },
      reach: async (target: ReachTarget) => {
        way.asked.push(target);
        return await Promise.resolve(way.trouble);
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
    way.trouble = 'ENOTFOUND';
    const second = passAt(30);
    await endpoint(second, way.world);
    expect(second.status.value.reason).toBe('IngestUnreachable');
    expect(second.status.value.message).toBe(
      'The recorder listens, but does not answer at lb.example.com:1935 yet: ENOTFOUND',
    );
    expect(second.requeueAfterMs).toBe(3000);
    expect(way.asked).toEqual([{ host: 'lb.example.com', port: 1935 }]);

    way.trouble = undefined;
    const third = passAt(40);
    await endpoint(third, way.world);
    expect(third.status.value.ingest).toEqual({ url: 'rtmp://lb.example.com:1935/live' });
    expect(third.status.value.reason).toBe('WaitingForPublisher');
  });

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
    way.trouble = 'ECONNREFUSED';
    const pass = passAt(1000, { phase: 'Recording', ingest: { url: 'rtmp://lb.example.com:1935/live' } });
    await endpoint(pass, way.world);
    expect(way.asked).toEqual([]);
    expect(pass.status.is('RecorderReady')).toBe(true);
  });
});
