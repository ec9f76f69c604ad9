import { json, Router } from 'express';
import type { RequestHandler } from 'express';
import { isService, requireGrant, requireService } from './authentication.ts';
import type { ApiContext } from './context.ts';
import { userLimit } from './limit-requests.ts';
import { ProblemError } from './problem.ts';
import { atRoute, localsOf } from './request-context.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes/index.ts';

const MAX_BODY_BYTES = 100_000;

/** The routes below /api/v1: authenticate, read the body, validate, answer; in this order. */
export function meetingRoutes(context: ApiContext, base: string): Router {
  const router = Router();
  const limit = userLimit(context);
  const parse = json({ limit: MAX_BODY_BYTES });
  for (const route of ROUTES) {
    router[route.method](
      route.path,
      atRoute(base + route.path),
      authenticated(context, route, limit),
      requireJson,
      parse,
      answered(context, route),
    );
  }
  return router;
}

/** Before the body is read: strangers can't have us parse anything. */
function authenticated(
  context: ApiContext,
  route: Route,
  limit: ReturnType<typeof userLimit>,
): RequestHandler {
  return async (request, response, next) => {
    const caller = await context.authenticator.authenticate(request.get('Authorization'));
    if (!isService(caller)) limit(caller.userId, response);
    requireGrant(caller, { action: route.action, meetingId: request.params['meetingId'] });
    if (route.access === 'service') requireService(caller);
    response.locals['caller'] = caller;
    next();
  };
}

const requireJson: RequestHandler = (request, _response, next) => {
  // null: there is no body. A form or a text would be ignored silently.
  const isJson = request.is('json');
  const isEmpty = isJson === null || request.get('Content-Length') === '0';
  if (isJson === false && !isEmpty) {
    throw new ProblemError(
      'unsupported-media-type',
      'Send the body as JSON, with Content-Type: application/json.',
    );
  }
  next();
};

function answered(context: ApiContext, route: Route): RequestHandler {
  return async (request, response) => {
    const { params, query, headers } = request;
    const {
      status,
      body,
      headers: answerHeaders = {},
    } = await route.answer(context, {
      caller: response.locals['caller'] as Parameters<Route['answer']>[1]['caller'],
      params,
      query,
      headers,
      body: request.body as unknown,
      origin: `${request.protocol}://${request.get('Host') ?? 'localhost'}`,
      log: localsOf(response).log,
    });
    response.status(status).set(answerHeaders);
    if (body === undefined) response.end();
    else response.json(body);
  };
}
