import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { ApiError } from './api-error.ts';
import type { Connection } from './connection.ts';
import { Deadline } from './deadline.ts';
import { jsonLines } from './json-lines.ts';
import { listPages } from './list-pages.ts';
import { parseWithoutManagedFields } from './managed-fields.ts';
import type { KubeList, KubeObject, ObjectRef } from './objects.ts';
import { refOf, resourcePath } from './resource.ts';
import type { PathParts, Resource } from './resource.ts';
import { retryAfterMs } from './retry-after.ts';

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up; 30 s, for lists 60 s. */
  timeoutMs?: number | undefined;
}

export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  limit?: number | undefined;
}

export interface WatchOptions extends Selection {
  signal: AbortSignal;
  resourceVersion: string;
  /** Seconds after which the server ends the watch. */
  timeoutSeconds: number;
  /** Milliseconds without a byte after which the connection counts as dead. */
  inactivityMs: number;
}

export interface DeleteOptions extends CallOptions {
  gracePeriodSeconds?: number | undefined;
  /** Only this one: an object made anew under the name is left alone. */
  uid?: string | undefined;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

/** `apply` is server-side apply, which names its field manager and takes fields over from others. */
export type Patch =
  | { type: 'merge'; body: object }
  | { type: 'json'; body: readonly object[] }
  | { type: 'apply'; body: object; fieldManager: string };

export interface PatchOptions extends CallOptions {
  subresource?: string | undefined;
}

export type WatchEvent<T> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T } | { type: 'ERROR'; object: unknown };

const LIST_MS = 60_000;
const PATCH_CONTENT_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

interface Call extends CallOptions {
  method: Dispatcher.HttpMethod;
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
}

/**
 * The Kubernetes REST API, as little of it as a controller needs; objects come without their managedFields. Every call has a time limit; every method throws
 * {@link ApiError} when the server refuses, and the transport's error when there is no answer.
 */
export class KubeClient {
  readonly #connection: Connection;
  readonly #mayWrite: () => boolean;

  /** @param options.mayWrite false: no write leaves this process, for it may have lost its leadership */
  constructor(options: { connection: Connection; mayWrite?: () => boolean }) {
    this.#connection = options.connection;
    this.#mayWrite = options.mayWrite ?? (() => true);
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T> {
    return await this.#json<T>({ method: 'GET', path: resourcePath(resource, ref), ...options });
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    return await this.#json<KubeList<T>>(listCall(resource, options));
  }

  /** Yields all pages of a list, of `limit` objects each; the time limit is each page's. */
  listPages<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): AsyncGenerator<KubeList<T>> {
    const { query, ...call } = listCall(resource, options);
    return listPages<T>((next) => this.#text({ ...call, query: { ...query, continue: next } }));
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: KubeObject,
    options: CallOptions = {},
  ): Promise<T> {
    const path = resourcePath(resource, where(object.metadata.namespace));
    return await this.#json<T>({ method: 'POST', path, body: object, ...options });
  }

  /** With metadata.resourceVersion set, only when nobody else has written meanwhile. */
  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: PatchOptions = {},
  ): Promise<T> {
    const { subresource, ...call } = options;
    const path = resourcePath(resource, {
      ...refOf(object),
      ...(subresource !== undefined && { subresource }),
    });
    return await this.#json<T>({ method: 'PUT', path, body: object, ...call });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: Patch,
    options: PatchOptions = {},
  ): Promise<T> {
    const { subresource, ...call } = options;
    return await this.#json<T>({
      method: 'PATCH',
      path: resourcePath(resource, { ...ref, ...(subresource !== undefined && { subresource }) }),
      query: patch.type === 'apply' ? { fieldManager: patch.fieldManager, force: true } : {},
      body: patch.body,
      contentType: PATCH_CONTENT_TYPES[patch.type],
      ...call,
    });
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { gracePeriodSeconds, propagationPolicy, uid, ...call } = options;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds,
      propagationPolicy,
      ...(uid !== undefined && { preconditions: { uid } }),
    };
    await this.#json({ method: 'DELETE', path: resourcePath(resource, ref), body, ...call });
  }

  /**
   * Yields events until the server ends the watch. Throws {@link ApiError} when it refuses to begin, SyntaxError on
   * garbage, undici's errors on a dropped or silent connection.
   */
  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, inactivityMs } =
      options;
    const call: Call = {
      method: 'GET',
      path: resourcePath(resource, where(namespace)),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        labelSelector,
        fieldSelector,
        resourceVersion,
        timeoutSeconds,
      },
    };
    // A stream lives as long as its caller wants it; only its silence has a limit.
    const response = await this.#send(call, options.signal, inactivityMs);
    yield* jsonLines<WatchEvent<T>>(response.body, parseWithoutManagedFields);
  }

  async #json<T>(call: Call): Promise<T> {
    return parseWithoutManagedFields(await this.#text(call)) as T;
  }

  async #text(call: Call): Promise<string> {
    const limitMs = call.timeoutMs ?? 30_000;
    using deadline = new Deadline(limitMs, call.signal);
    const response = await this.#send(call, deadline.signal, limitMs);
    return await response.body.text();
  }

  /** @param limitMs the longest silence before the head of the answer, and within its body */
  async #send(
    call: Call,
    signal: AbortSignal | undefined,
    limitMs: number,
  ): Promise<Dispatcher.ResponseData> {
    const { headers, dispatcher } = await this.#credentials(signal, limitMs);
    // Asked last: whoever leads may have changed while one waited for the credentials.
    if (call.method !== 'GET' && !this.#mayWrite())
      throw new Error('This process is not the leader and must not write');
    const response = await request(this.#connection.server + call.path, {
      dispatcher,
      method: call.method,
      query: defined(call.query ?? {}),
      headers: {
        accept: 'application/json',
        'user-agent': 'meetrec',
        ...(call.body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
        ...headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: signal ?? null,
      // Or each DELETE with a body would cost its connection.
      reset: false,
      headersTimeout: limitMs,
      bodyTimeout: limitMs,
    });
    if (response.statusCode < 300) return response;
    const body = await response.body.text();
    throw ApiError.fromBody(body, `${call.method} ${call.path}`, {
      status: response.statusCode,
      retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()),
    });
  }

  /** A program that is to provide them, and hangs, does not have the call hang. */
  async #credentials(
    signal: AbortSignal | undefined,
    limitMs: number,
  ): ReturnType<Connection['credentials']> {
    using deadline = new Deadline(limitMs, signal);
    return await deadline.race(this.#connection.credentials());
  }
}

function listCall<T extends KubeObject>(resource: Resource<T>, options: ListOptions): Call {
  const { namespace, labelSelector, fieldSelector, limit, signal, timeoutMs = LIST_MS } = options;
  const path = resourcePath(resource, where(namespace));
  return { method: 'GET', path, query: { labelSelector, fieldSelector, limit }, signal, timeoutMs };
}

function where(namespace: string | undefined): PathParts {
  return namespace === undefined ? {} : { namespace };
}

function defined(query: NonNullable<Call['query']>): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(query).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
    ),
  );
}
