import { isIPv6 } from 'node:net';
import { isAlreadyExists } from '../runtime/kube/api-error.ts';
import { hostPortOf } from './host-ports.ts';
import { SERVICES, ingestService, ingestServiceName } from './ingest-service.ts';
import type { Service } from './ingest-service.ts';
import type { Pod } from './kube-objects.ts';
import type { Pass } from './pass.ts';
import type { World } from './world.ts';

/** Where publishers reach a recorder; undefined while that is not known yet. */
export type IngestAddress =
  /** A fixed address in front of all recorders. */
  { url: string } | { host: string; port: number };

/** An address as a URL has it. */
export function hostPart(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/** Finds, and where need be makes, the way to the recorder in this pod, by the installation's kind of exposure. */
export async function ingestAddress(
  pass: Pass,
  world: World,
  { pod, podIP }: { pod: Pod; podIP: string },
): Promise<IngestAddress | undefined> {
  const { ingest, recorder } = world.config;
  const hostIP = pod.status?.hostIP;
  switch (ingest.exposure) {
    case 'podIP':
      return { host: podIP, port: recorder.rtmpPort };
    case 'fixed':
      return { url: ingest.fixedUrl };
    case 'hostPort': {
      const port = hostPortOf(pod);
      return hostIP === undefined || port === undefined ? undefined : { host: hostIP, port };
    }
    case 'nodePort': {
      const port = (await service(pass, world, pod, 'NodePort')).spec?.ports?.[0]?.nodePort;
      const host = ingest.host ?? hostIP;
      return host === undefined || port === undefined ? undefined : { host, port };
    }
    case 'loadBalancer': {
      const { status } = await service(pass, world, pod, 'LoadBalancer');
      const [balancer] = status?.loadBalancer?.ingress ?? [];
      const host = balancer?.hostname ?? balancer?.ip;
      return host === undefined ? undefined : { host, port: recorder.rtmpPort };
    }
    default:
      return ingest satisfies never;
  }
}

async function service(
  pass: Pass,
  world: World,
  pod: Pod,
  type: 'NodePort' | 'LoadBalancer',
): Promise<Service> {
  const { recording, status, signal } = pass;
  const attempt = status.value.attempt ?? 1;
  const { rtmpPort } = world.config.recorder;
  try {
    const manifest = ingestService({ recording, pod, attempt, type, rtmpPort });
    return await world.kube.create(SERVICES, manifest, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { namespace } = recording.metadata;
    return await world.kube.get(
      SERVICES,
      { namespace, name: ingestServiceName(recording, attempt) },
      { signal },
    );
  }
}
