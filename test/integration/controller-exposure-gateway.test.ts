import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsRoute } from '../../operator/controller/ingest-route.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import type { Resource } from '../../operator/runtime/kube/resource.ts';
import { makeCertificate } from '../support/certificate.ts';
import { freePort } from '../support/free-port.ts';
import { gatewayApiDefinition } from '../support/gateway-api.ts';
import { tempDirectory } from '../support/temp-directory.ts';
import type { TempDirectory } from '../support/temp-directory.ts';
import { GATEWAY_RULES } from './controller-support/controller-rights.ts';
import { waitFor } from '../support/wait-for.ts';
import { FaultProxy } from './controller-support/fault-proxy.ts';
import { startIngest } from './controller-support/greeting-ingest.ts';
import { rightOf, rights } from './controller-support/rights.ts';
import { TestWorld, startCluster } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

const ROUTES: Resource<TlsRoute & { spec: { rules: { backendRefs: { name: string }[] }[] } }> = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'tlsroutes',
  namespaced: true,
};
const CRDS: Resource<KubeObject> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

describe('a recorder behind a gateway', () => {
  let cluster: Cluster;
  let folder: TempDirectory;
  beforeAll(async () => {
    cluster = await startCluster();
    folder = await tempDirectory('gateway');
  }, 180_000);
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  const routesOf = async ({ namespace }: TestWorld) => (await cluster.kube.list(ROUTES, { namespace })).items;

  /** What a gateway's controller does. */
  const answer = async (world: TestWorld, status: 'True' | 'False', reason: string): Promise<void> => {
    for (const { metadata, spec } of await routesOf(world)) {
      const common = {
        status,
        reason,
        message: '',
        lastTransitionTime: new Date().toISOString(),
        observedGeneration: metadata.generation,
      };
      const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({ type, ...common }));
      const parents = [
        { parentRef: spec.parentRefs?.[0], controllerName: 'example.com/gateway', conditions },
      ];
      await cluster.kube.patch(
        ROUTES,
        { namespace: world.namespace, name: metadata.name ?? '' },
        { type: 'merge', body: { status: { parents } } },
        { subresource: 'status' },
      );
    }
  };

  const certificateFor = async (name: string) => {
    const directory = join(folder.path, name);
    await mkdir(directory);
    return await makeCertificate(directory, [`*.${name}`]);
  };

  it('has a route, which is accepted, and then an answer through it, before Agora is told', async () => {
    await using world = await TestWorld.start(cluster, { rules: GATEWAY_RULES });
    world.agora.onPush = () => world.kubelet.stub('rec-1')?.become('recording');
    await using proxy = new FaultProxy({ api: cluster.api, token: world.token, agoraUrl: world.agoraUrl });
    const certificate = await certificateFor('ingest.test');
    const port = await freePort();
    const environment = {
      ...(await proxy.listen()),
      INGEST_EXPOSURE: 'gateway',
      RECORDER_RTMP_PORT: '1935',
      INGEST_GATEWAY_NAME: 'ingest',
      INGEST_GATEWAY_NAMESPACE: 'gateways',
      INGEST_GATEWAY_LISTENER: 'rtmps',
      INGEST_DOMAIN: 'ingest.test',
      INGEST_TLS_SECRET: 'ingest-tls',
      INGEST_TLS_CA_PATH: certificate.certPath,
      INGEST_CHECK_ADDRESS: `127.0.0.1:${port}`,
    };
    const becomes = async (reason: string, message = '') =>
      await world.until(
        'rec',
        `${reason} ${message}`,
        ({ status }) => status?.reason === reason && (status.message ?? '').includes(message),
      );
    await world.startController(environment);
    await world.record('rec');

    await becomes('IngestRouteNotAccepted', 'serves no TLSRoute');
    await cluster.kube.create(CRDS, await gatewayApiDefinition('tlsroutes'));
    await becomes('IngestRoutePending');
    const [route] = await routesOf(world);
    expect(route).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Pod', name: 'rec-1' }] },
      spec: {
        hostnames: ['rec.ingest.test'],
        parentRefs: [{ kind: 'Gateway', name: 'ingest', namespace: 'gateways', sectionName: 'rtmps' }],
        rules: [{ backendRefs: [{ kind: 'Service', port: 1935 }] }],
      },
    });
    await answer(world, 'False', 'NotAllowedByListeners');
    await becomes('IngestRouteNotAccepted', 'Accepted: NotAllowedByListeners');

    // Another controller takes over: it finds the route, and makes no second one.
    await world.killControllers();
    await answer(world, 'True', 'Accepted');
    await world.startController(environment);
    await becomes('IngestUnreachable', 'rec.ingest.test:443 (127.0.0.1) yet: ECONNREFUSED');
    expect((await routesOf(world)).map(({ metadata }) => metadata.uid)).toEqual([route?.metadata.uid]);
    {
      await using _other = await startIngest({ port, tls: await certificateFor('other.test') });
      await becomes('IngestUnreachable', 'SELF_SIGNED_CERT');
    }
    expect(world.agora.everMade).toEqual([]);
    await using _ingest = await startIngest({ port, tls: certificate });
    const recording = await world.untilPhase('rec', 'Recording');
    expect(recording.status?.ingest?.url).toBe('rtmps://rec.ingest.test:443/live');
    expect(world.agora.everMade[0]?.rtmpUrl).toMatch(/^rtmps:\/\/rec\.ingest\.test:443\/live\/\w+/);

    // Another recorder takes over: the route is led to it, under the same name.
    await world.removeByForce('rec-1');
    await world.until('rec', 'recorded by another', ({ status }) => status?.podName === 'rec-2');
    await world.until(
      'rec',
      'waiting for the gateway',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'IngestRoutePending') === true,
    );
    const [moved] = await routesOf(world);
    expect(moved?.metadata).toMatchObject({
      uid: route?.metadata.uid,
      ownerReferences: [{ kind: 'Pod', name: 'rec-2' }],
    });
    expect(moved?.spec.rules[0]?.backendRefs[0]?.name).toMatch(/-2$/);
    await answer(world, 'True', 'Accepted');
    world.kubelet.stub('rec-2')?.become('recording');
    await world.until('rec', 'reachable', ({ status }) => status?.ingest !== undefined);

    // Somebody deletes the route, and the publisher is cut off: it is made anew.
    await cluster.kube.delete(ROUTES, { namespace: world.namespace, name: moved?.metadata.name ?? '' });
    world.kubelet.stub('rec-2')?.become('reconnecting');
    const anew = await waitFor(async () => (await routesOf(world))[0], {
      what: 'the route to be made anew',
      timeoutMs: 45_000,
    });
    expect(anew.metadata.uid).not.toBe(route?.metadata.uid);
    expect(anew.spec.rules[0]?.backendRefs[0]?.name).toMatch(/-2$/);
    await world.patchSpec('rec', { desiredState: 'Stopped' });
    await world.untilPhase('rec', 'Completed');
    await world.untilNoPods();

    const used = new Set(proxy.requests.map(([method, path]) => rightOf(method, path)));
    expect(rights(GATEWAY_RULES).filter((right) => !used.has(right))).toEqual([]);
    expect(proxy.refused).toEqual([]);
  }, 180_000);
});
