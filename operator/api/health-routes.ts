import { Router } from 'express';
import type { ApiContext } from './context.ts';
import { atRoute } from './request-context.ts';

/** GET /healthz, /readyz and /metrics, for the kubelet and Prometheus. */
export function healthRoutes(context: ApiContext): Router {
  const router = Router();
  router.get('/healthz', atRoute('/healthz'), (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', atRoute('/readyz'), async (_request, response) => {
    const checks = await Promise.all(
      Object.entries(context.readiness).map(
        async ([name, check]) => [name, (await check()) ?? 'ok'] as const,
      ),
    );
    const isReady = checks.every(([, state]) => state === 'ok');
    response.status(isReady ? 200 : 503).json(Object.fromEntries(checks));
  });
  router.get('/metrics', atRoute('/metrics'), async (_request, response) => {
    const metrics = await context.registry.metrics();
    response.set('Content-Type', context.registry.contentType).send(metrics);
  });
  return router;
}
