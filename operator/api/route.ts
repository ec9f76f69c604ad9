import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Caller } from './authentication.ts';
import type { ApiContext } from './context.ts';
import type { ErrorCode } from './error-codes.ts';
import type { RecordingAction } from './recording-tokens.ts';
import { idempotencyKeySchema, meetingIdSchema, recordingIdSchema } from './request-schemas.ts';
import { validate } from './validate.ts';

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Who may call: a user (the meeting's roles decide the rest) or a backend with the service scope. */
export type Access = 'user' | 'service';

/** A request before its parts are validated. */
export interface RawRequest {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  /** Undefined where there was none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Scheme and host that the request was sent to. */
  readonly origin: string;
  readonly log: Logger;
}

interface RouteRequest<Body, Query> {
  readonly caller: Caller;
  readonly meetingId: string;
  /** Empty where the path names none. */
  readonly recordingId: string;
  readonly body: Body;
  readonly query: Query;
  /** Of the header Idempotency-Key. */
  readonly idempotencyKey: string | undefined;
  /** Scheme and host that the request was sent to. */
  readonly origin: string;
  readonly log: Logger;
}

/** What an answer of one status looks like; without a schema, it has no body. */
export interface ResponseDescription {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Of the body; application/json unless told. */
  readonly contentType?: string;
}

interface RouteDefinition<Body extends z.ZodType, Query extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put';
  /** Below /api/v1, as Express has it. */
  readonly path: string;
  /** The operationId of the OpenAPI document: the name of the method in a generated client. */
  readonly name: string;
  readonly summary: string;
  readonly access: Access;
  /** Recording tokens for this action are taken; without, none is. */
  readonly action?: RecordingAction;
  /** Heeds the header Idempotency-Key. */
  readonly isIdempotent?: boolean;
  readonly body: Body;
  readonly query: Query;
  /** By status. */
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** What it says no with, beside what every route does. */
  readonly errors: readonly ErrorCode[];
  readonly handle: (
    context: ApiContext,
    request: RouteRequest<z.output<Body>, z.output<Query>>,
  ) => Promise<Answer>;
}

/** A route about a meeting: what it takes, and how it answers. */
export interface Route extends Pick<
  RouteDefinition<z.ZodType, z.ZodType>,
  | 'method'
  | 'path'
  | 'name'
  | 'summary'
  | 'access'
  | 'action'
  | 'isIdempotent'
  | 'body'
  | 'query'
  | 'responses'
  | 'errors'
> {
  /** Validates the request's parts, then answers. */
  readonly answer: (context: ApiContext, request: RawRequest) => Promise<Answer>;
}

export function defineRoute<Body extends z.ZodType, Query extends z.ZodType>(
  definition: RouteDefinition<Body, Query>,
): Route {
  const { handle, ...route } = definition;
  return {
    ...route,
    answer: async (context, request) => {
      const { caller, params, headers, origin, log } = request;
      const key = headers['idempotency-key'];
      return handle(context, {
        caller,
        log,
        origin,
        meetingId: validate(meetingIdSchema, params['meetingId'], { place: 'path', name: 'meetingId' }),
        recordingId: route.path.includes('/:recordingId/')
          ? validate(recordingIdSchema, params['recordingId'], { place: 'path', name: 'recordingId' })
          : '',
        query: validate(route.query, request.query, { place: 'query' }),
        body: validate(route.body, request.body ?? {}, { place: 'body' }),
        idempotencyKey:
          key === undefined
            ? undefined
            : validate(idempotencyKeySchema, key, { place: 'header', name: 'Idempotency-Key' }),
      });
    },
  };
}
