import type { ErrorRequestHandler } from 'express';
import { problemOfError } from './problem-of-error.ts';
import { localsOf } from './request-context.ts';

/** Answers what a route threw as problem details. */
export const errorHandler: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const { requestId, log } = localsOf(response);
  const { body, headers } = problemOfError(error, requestId);
  if (body.status >= 500) log.error({ err: error, code: body.code }, 'request failed');
  else log.debug({ code: body.code, detail: body.detail }, 'request refused');
  if (response.headersSent) {
    next(error);
    return;
  }
  response.status(body.status).set(headers).type('application/problem+json').send(JSON.stringify(body));
};
