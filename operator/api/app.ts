import express from 'express';
import type { Express } from 'express';
import helmet from 'helmet';
import type { ApiContext } from './context.ts';
import { errorHandler } from './error-handler.ts';
import { healthRoutes } from './health-routes.ts';
import { limitByAddress } from './limit-requests.ts';
import { meetingRoutes } from './meeting-routes.ts';
import { methodNotAllowed } from './method-not-allowed.ts';
import { ProblemError } from './problem.ts';
import { PLAYLIST_PATH, playlistRoutes } from './playlist-routes.ts';
import { requestContext } from './request-context.ts';
import { requestMetrics } from './request-metrics.ts';
import { openApiRoutes } from './openapi/routes.ts';
import { BASE, ROUTES } from './routes/index.ts';
import { webhookRoutes } from './webhook-routes.ts';

/** What is served beside the API itself. */
const OWN_PATHS = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs'];

/** The HTTP application: everything that is served, in the order in which it is tried. */
export function createApp(context: ApiContext): Express {
  const app = express();
  app.set('trust proxy', context.trustProxyHops);
  app.set('etag', false);
  app.use(requestContext(context));
  app.use(requestMetrics(context.registry));
  app.use(helmet());
  app.use(healthRoutes(context));
  app.use(openApiRoutes());
  app.use(BASE, limitByAddress(context));
  app.use(BASE, meetingRoutes(context, BASE));
  app.use(BASE, playlistRoutes(context, BASE));
  app.use(BASE, webhookRoutes(context, BASE));
  app.use(
    BASE,
    methodNotAllowed([
      ...ROUTES,
      { method: 'get', path: PLAYLIST_PATH },
      { method: 'post', path: '/webhooks/agora' },
    ]),
  );
  app.use(methodNotAllowed(OWN_PATHS.map((path) => ({ method: 'get', path }))));
  app.use(() => {
    throw new ProblemError('route-not-found', `Nothing is served here: the API is below ${BASE}.`);
  });
  app.use(errorHandler);
  return app;
}
