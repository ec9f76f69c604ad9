import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../operator/runtime/kube/resource.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { SERVICE_RULES } from './controller-support/controller-rights.ts';
import { startIngest } from './controller-support/greeting-ingest.ts';
import { TestWorld, startCluster } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

type Service = KubeObject & {
  spec: { type: string; loadBalancerClass?: string; ports: { nodePort?: number }[] };
};
const SERVICES: Resource<Service> = { group: '', version: 'v1', plural: 'services', namespaced: true };

describe('a recorder behind a load balancer of its own', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  it('waits for its address, and for an answer there, before Agora is told', async () => {
    await using world = await TestWorld.start(cluster, { rules: SERVICE_RULES });
    world.agora.onPush = () => world.kubelet.stub('rec-1')?.become('recording');
    const port = await freePort();
    await world.startController({
      INGEST_EXPOSURE: 'loadBalancer',
      INGEST_SERVICE_ANNOTATIONS: '{"example.com/scheme":"internet-facing"}',
      INGEST_LOAD_BALANCER_CLASS: 'example.com/balancer',
      RECORDER_RTMP_PORT: String(port),
    });
    await world.record('rec');
    await world.until('rec', 'waiting', ({ status }) => status?.reason === 'LoadBalancerPending');
    const { items } = await cluster.kube.list(SERVICES, { namespace: world.namespace });
    expect(items).toHaveLength(1);
    const [service] = items;
    expect(service).toMatchObject({
      metadata: {
        annotations: { 'example.com/scheme': 'internet-facing' },
        ownerReferences: [{ kind: 'Pod', name: 'rec-1' }],
      },
      spec: { type: 'LoadBalancer', loadBalancerClass: 'example.com/balancer', ports: [{ port }] },
    });

    // The cloud has made it, but nobody answers behind it.
    const ref = { namespace: world.namespace, name: service?.metadata.name ?? '' };
    const becomesReady = async (ip: string) =>
      await cluster.kube.patch(
        SERVICES,
        ref,
        { type: 'merge', body: { status: { loadBalancer: { ingress: [{ ip }] } } } },
        { subresource: 'status' },
      );
    await becomesReady('127.0.0.1');
    const unreachable = await world.until(
      'rec',
      'unreachable',
      ({ status }) => status?.reason === 'IngestUnreachable',
    );
    expect(unreachable.status?.message).toContain(`127.0.0.1:${port} yet: ECONNREFUSED`);
    expect(unreachable.status?.ingest).toBeUndefined();
    expect(world.agora.everMade).toEqual([]);

    await using ingest = await startIngest({ port });
    const recording = await world.untilPhase('rec', 'Recording');
    expect(recording.status?.ingest?.url).toBe(`rtmp://127.0.0.1:${ingest.port}/live`);
    expect(world.agora.everMade[0]?.rtmpUrl).toContain(`rtmp://127.0.0.1:${port}/live/`);

    // Somebody deletes it: it is made anew, and the push is sent to its new address.
    await cluster.kube.delete(SERVICES, ref);
    world.kubelet.stub('rec-1')?.become('reconnecting');
    const cut = await world.until(
      'rec',
      'waiting for its balancer',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'LoadBalancerPending') === true,
    );
    expect(cut.status?.phase).toBe('Recording');
    await becomesReady('127.0.0.2');
    const moved = await world.until(
      'rec',
      'recorded through the new one',
      ({ status }) => status?.reason === 'Receiving',
    );
    expect(moved.status?.ingest?.url).toBe(`rtmp://127.0.0.2:${port}/live`);
    expect([...world.agora.converters.values()].map(({ rtmpUrl }) => rtmpUrl)).toEqual([
      expect.stringContaining(`rtmp://127.0.0.2:${port}/live/`),
    ]);
    expect(world.agora.everMade).toHaveLength(1);
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    await world.untilNoPods();
  }, 120_000);

  it('has its Service anew under the same port of the nodes, when somebody has deleted it', async () => {
    await using world = await TestWorld.start(cluster, { rules: SERVICE_RULES });
    world.agora.onPush = () => world.kubelet.stub('rec-1')?.become('recording');
    await world.startController({ INGEST_EXPOSURE: 'nodePort', INGEST_HOST: '127.0.0.1' });
    await world.record('rec');
    const waiting = await world.until(
      'rec',
      'unreachable',
      ({ status }) => status?.message?.includes('does not answer at 127.0.0.1:') === true,
    );
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(waiting.status?.message ?? '')?.[1]);
    await using _ingest = await startIngest({ port });
    await world.untilPhase('rec', 'Recording');
    const services = async () =>
      (await cluster.kube.list(SERVICES, { namespace: world.namespace })).items.map(({ metadata, spec }) => ({
        uid: metadata.uid,
        name: metadata.name ?? '',
        nodePort: spec.ports[0]?.nodePort,
      }));
    const [before] = await services();
    expect(before?.nodePort).toBe(port);
    await cluster.kube.delete(SERVICES, { namespace: world.namespace, name: before?.name ?? '' });
    world.kubelet.stub('rec-1')?.become('reconnecting');
    const [after] = await waitFor(
      async () => {
        const all = await services();
        return all.length > 0 ? all : undefined;
      },
      { what: 'the Service to be made anew', timeoutMs: 45_000 },
    );
    expect(after).toEqual({ ...before, uid: expect.not.stringContaining(before?.uid ?? '') });
    world.kubelet.stub('rec-1')?.become('recording');
    const { status } = await world.until('rec', 'recorded', ({ status }) => status?.reason === 'Receiving');
    expect(status?.ingest?.url).toBe(`rtmp://127.0.0.1:${port}/live`);
    expect(world.agora.everMade).toHaveLength(1);
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    await world.untilNoPods();
  }, 120_000);

  it('is given up when the time to start is over', async () => {
    await using world = await TestWorld.start(cluster, { rules: SERVICE_RULES });
    await world.startController({ INGEST_EXPOSURE: 'loadBalancer', START_TIMEOUT: '3' });
    await world.record('rec');
    const { status } = await world.untilPhase('rec', 'Failed');
    expect(status).toMatchObject({ reason: 'StartTimeout' });
    expect(status?.message).toContain('has no address yet');
    expect(world.agora.everMade).toEqual([]);
    await world.untilNoPods();
  }, 60_000);
});
