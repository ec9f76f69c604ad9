import { believed } from './retry-after.ts';

/** What the API server says went wrong: metav1.Status. */
interface StatusObject {
  kind?: unknown;
  code?: unknown;
  reason?: unknown;
  message?: unknown;
  details?: { retryAfterSeconds?: unknown };
}

/**
 * The API server refused a request. `status` is the HTTP status, `reason` the Status object's (AlreadyExists,
 * Conflict, Expired, …). The message is the Status object's alone: no headers, no body.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code = 'KubernetesApiError';
  readonly status: number;
  readonly reason: string;
  /** Milliseconds that the server asks to wait for, at most a minute. */
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    status: number;
    reason: string;
    message: string;
    retryAfterMs?: number | undefined;
  }) {
    super(options.message);
    this.status = options.status;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }

  /**
   * Reads a response's body, which is a Status object or, from API Priority and Fairness or a proxy, anything.
   *
   * @param http.retryAfterMs what its header of that name asks for
   */
  static fromBody(
    body: string,
    request: string,
    http: { status: number; retryAfterMs: number | undefined },
  ): ApiError {
    return ApiError.fromStatus(parse(body), request, http);
  }

  /** Reads a Status object, as a watch's ERROR event carries one. */
  static fromStatus(
    object: unknown,
    request: string,
    http?: { status: number; retryAfterMs: number | undefined },
  ): ApiError {
    const status = (typeof object === 'object' && object !== null ? object : {}) as StatusObject;
    const code = http?.status ?? (typeof status.code === 'number' ? status.code : 500);
    const seconds = status.details?.retryAfterSeconds;
    return new ApiError({
      status: code,
      reason: typeof status.reason === 'string' && status.reason !== '' ? status.reason : 'Unknown',
      message: typeof status.message === 'string' ? status.message : `${request} answered ${code}`,
      retryAfterMs: typeof seconds === 'number' ? believed(seconds * 1000) : http?.retryAfterMs,
    });
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const hasStatus = (error: unknown, status: number) => error instanceof ApiError && error.status === status;

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);
/** The resource version has expired: list anew. */
export const isGone = (error: unknown): boolean => hasStatus(error, 410);
/** Somebody else has written the object meanwhile. */
export const isConflict = (error: unknown): boolean =>
  hasStatus(error, 409) && (error as ApiError).reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): boolean =>
  hasStatus(error, 409) && (error as ApiError).reason === 'AlreadyExists';
