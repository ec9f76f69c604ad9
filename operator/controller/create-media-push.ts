import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { AgoraMediaPush } from '../agora/agora-media-push.ts';
import type { MediaPush } from '../agora/media-push.ts';
import { baseUrlsOf } from '../agora/options.ts';
import type { ControllerConfig } from './config.ts';

/** Waits between tries of one request, in seconds: few, for a worker waits with it, and the queue tries again anyway. */
const RETRY_WAITS_SECONDS = [0.5, 1];

/** Agora's Media Push with the installation's credentials, every request counted. */
export function createMediaPush(
  agora: NonNullable<ControllerConfig['agora']>,
  options: { log: Logger; registry: Registry; mayWrite?: () => boolean },
): MediaPush {
  const requests = new Counter({
    name: 'meetrec_agora_requests_total',
    help: 'Requests to the Media Push REST API by operation and HTTP status',
    labelNames: ['operation', 'status'],
    registers: [options.registry],
  });
  return new AgoraMediaPush({
    baseUrls: baseUrlsOf(agora.baseUrl),
    appId: agora.appId,
    customerId: agora.customerId,
    customerSecret: agora.customerSecret,
    logger: options.log,
    retryWaitsSeconds: RETRY_WAITS_SECONDS,
    ...(options.mayWrite && { mayWrite: options.mayWrite }),
    onRequest: (operation, status) => requests.inc({ operation, status }),
  });
}
