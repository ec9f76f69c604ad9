import { isIPv6 } from 'node:net';
import type { Reason } from '../crd/reasons.ts';
import { ApiError, isNotFound } from '../runtime/kube/api-error.ts';
import { hostPortOf } from './host-ports.ts';
import type { GatewayConfig } from './ingest-config.ts';
import { ingestHost, ingestRoute, whyNotTaken } from './ingest-route.ts';
import { SERVICES, ingestService, ingestServiceName } from './ingest-service.ts';
import type { LoadBalancerIngress, Service, ServiceType } from './ingest-service.ts';
import type { Pod } from './kube-objects.ts';
import type { Pass } from './pass.ts';
import type { ReachTarget } from './reach.ts';
import type { World } from './world.ts';

const NO_ROUTES = "The cluster serves no TLSRoute; are the Gateway API's resources installed?";

/** Where publishers reach a recorder, or why that is not known yet. */
export type IngestAddress =
  /** With a target, a recorder must have answered there before anybody is sent to the URL. */
  { url: string; check?: ReachTarget } | { reason: Reason; message: string };

/** The recorder that it leads to. */
export interface RecorderAddress {
  pod: Pod;
  podIP: string;
}

/** Finds, and where need be makes, the way to the recorder in this pod, by the installation's kind of exposure. */
export async function ingestAddress(
  pass: Pass,
  world: World,
  { pod, podIP }: RecorderAddress,
): Promise<IngestAddress> {
  const { ingest, recorder } = world.config;
  const hostIP = pod.status?.hostIP;
  switch (ingest.exposure) {
    case 'podIP':
      return { url: rtmpUrl(podIP, recorder.rtmpPort) };
    case 'fixed':
      return { url: ingest.fixedUrl };
    case 'hostPort':
      return addressOf(hostIP, hostPortOf(pod));
    case 'nodePort': {
      const { spec } = await service(pass, world, pod, 'NodePort');
      return addressOf(ingest.host ?? hostIP, spec?.ports?.[0]?.nodePort);
    }
    case 'loadBalancer': {
      const { metadata, status } = await service(pass, world, pod, 'LoadBalancer');
      const all = status?.loadBalancer?.ingress ?? [];
      // Of several, the one that is known stays the one.
      const known = new URL(pass.status.value.ingest?.url ?? 'rtmp://none').hostname;
      const ingress = all.find((one) => hostPart(hostOf(one) ?? '') === known) ?? all[0] ?? {};
      const host = hostOf(ingress);
      if (host !== undefined)
        return addressOf(host, recorder.rtmpPort, ingest.proxyProtocol && isShortCut(ingress));
      const message = `The load balancer of the Service ${metadata.name ?? ''} has no address yet`;
      return { reason: 'LoadBalancerPending', message };
    }
    case 'gateway':
      return await throughGateway(pass, world, pod, ingest.gateway);
    default:
      return ingest satisfies never;
  }
}

function hostOf({ hostname, ip }: LoadBalancerIngress): string | undefined {
  return hostname ?? ip;
}

/** Whether the cluster may lead the controller past the load balancer. */
function isShortCut({ hostname, ipMode }: LoadBalancerIngress): boolean {
  return hostname === undefined && ipMode !== 'Proxy';
}

/** An address as a URL has it. */
export function hostPart(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** A host and port as a URL has them. */
export function authority(host: string, port: number): string {
  return `${hostPart(host)}:${port}`;
}

function rtmpUrl(host: string, port: number): string {
  return `rtmp://${authority(host, port)}/live`;
}

function addressOf(
  host: string | undefined,
  port: number | undefined,
  mayBypassProxy = false,
): IngestAddress {
  if (host !== undefined && port !== undefined)
    return { url: rtmpUrl(host, port), check: { host, port, ...(mayBypassProxy && { mayBypassProxy }) } };
  return { reason: 'IngestUnreachable', message: 'The recorder listens; it has no ingest address yet' };
}

async function throughGateway(
  pass: Pass,
  world: World,
  pod: Pod,
  gateway: GatewayConfig,
): Promise<IngestAddress> {
  const { recording, status, signal } = pass;
  const { metadata } = await service(pass, world, pod, 'ClusterIP');
  const manifest = ingestRoute({
    recording,
    pod,
    attempt: status.value.attempt ?? 1,
    gateway,
    serviceName: metadata.name ?? '',
    servicePort: world.config.recorder.rtmpPort,
  });
  const route = await world.tlsRoutes.ensure(manifest, signal);
  const notTaken = route
    ? whyNotTaken(route, gateway)
    : { reason: 'IngestRouteNotAccepted' as const, message: NO_ROUTES };
  if (notTaken) return notTaken;
  const host = ingestHost(recording, gateway.domain);
  const { port, caPath } = gateway;
  const check = gateway.check ?? { host, port };
  return { url: `rtmps://${authority(host, port)}/live`, check: { ...check, serverName: host, caPath } };
}

/** The Service, made where it is not there: one that leads to the recorder already, under its port where that is free. */
async function service(pass: Pass, world: World, pod: Pod, type: ServiceType): Promise<Service> {
  const { recording, status, signal } = pass;
  const attempt = status.value.attempt ?? 1;
  const { ingest, recorder } = world.config;
  const { namespace } = recording.metadata;
  try {
    const name = ingestServiceName(recording, attempt);
    return await world.kube.get(SERVICES, { namespace, name }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const make = async (nodePort?: number): Promise<Service> => {
    const manifest = ingestService({
      recording,
      pod,
      attempt,
      type,
      rtmpPort: recorder.rtmpPort,
      nodePort,
      annotations: ingest.serviceAnnotations,
      loadBalancerClass: ingest.loadBalancerClass,
    });
    return await world.kube.create(SERVICES, manifest, { signal });
  };
  const port = type === 'NodePort' ? new URL(status.value.ingest?.url ?? 'rtmp://none').port : '';
  if (port === '') return await make();
  try {
    return await make(Number(port));
  } catch (error) {
    // Somebody else has it by now.
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    return await make();
  }
}
