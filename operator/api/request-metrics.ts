import type { RequestHandler } from 'express';
import { Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { localsOf } from './request-context.ts';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * Rate, errors and duration of each route, and one log line a request: the route and the outcome, never a header, a
 * query or a body.
 */
export function requestMetrics(registry: Registry): RequestHandler {
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took to be answered, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that are being answered',
    registers: [registry],
  });
  return (request, response, next) => {
    const started = performance.now();
    inFlight.inc();
    response.once('close', () => {
      inFlight.dec();
      const elapsedMs = performance.now() - started;
      const { route, meetingId, log } = localsOf(response);
      const status = response.writableFinished ? response.statusCode : 499;
      seconds.observe({ method: request.method, route, status: String(status) }, elapsedMs / 1000);
      log[PROBES.has(route) ? 'debug' : 'info'](
        {
          method: request.method,
          route,
          status,
          ms: Math.round(elapsedMs),
          meetingId,
        },
        'request',
      );
    });
    next();
  };
}
