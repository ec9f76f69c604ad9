import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { ApiContext } from './context.ts';

interface Locals {
  requestId: string;
  log: Logger;
  /** The path as it is declared: the path as it was sent would make a metric's series for each meeting. */
  route: string;
  meetingId?: string;
}

const MAX_LOGGED_ID = 128;

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Gives every request an id, the client's own where it sent a decent one, and a log that carries it. */
export function requestContext(context: ApiContext): RequestHandler {
  return (request, response, next) => {
    const given = request.get('X-Request-ID');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : context.newRequestId();
    const locals: Locals = { requestId, log: context.log.child({ requestId }), route: 'none' };
    Object.assign(response.locals, locals);
    response.setHeader('X-Request-ID', requestId);
    if (context.isStopping()) response.setHeader('Connection', 'close');
    next();
  };
}

/** Only after {@link requestContext}. */
export function localsOf(response: Response): Locals {
  return response.locals as Locals;
}

/** Notes which route and meeting a request is for. */
export function atRoute(route: string): RequestHandler {
  return (request, response, next) => {
    const locals = localsOf(response);
    locals.route = route;
    const { meetingId } = request.params;
    if (typeof meetingId === 'string') locals.meetingId = meetingId.slice(0, MAX_LOGGED_ID);
    next();
  };
}
