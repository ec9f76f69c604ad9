/**
 * What a failure means for the recording:
 * `permanent` asking again will not help; `quota` the provider has no room, so wait as Pending; `retry` back off and
 * ask again.
 */
export type AgoraDisposition = 'permanent' | 'quota' | 'retry';

export type AgoraErrorCode =
  | 'AgoraRejected'
  | 'AgoraUnauthorized'
  | 'AgoraNotFound'
  | 'AgoraQuotaExceeded'
  | 'AgoraRateLimited'
  | 'AgoraUnavailable'
  | 'AgoraBadResponse';

/** What is known of a failed request beside its message. */
export interface AgoraErrorDetails {
  /** HTTP status; absent where there was no answer. */
  status?: number;
  /** Agora support asks for it. It changes from try to try, so it is never part of the message. */
  requestId?: string;
  /** Seconds that Agora, or its documentation, wants us to wait. */
  retryAfterSeconds?: number;
}

/**
 * A Media Push request that did not succeed. The message is the same from try to try, and holds neither the stream key
 * nor a credential: it may go into a status.
 */
export abstract class AgoraError extends Error {
  abstract readonly code: AgoraErrorCode;
  abstract readonly disposition: AgoraDisposition;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, details: AgoraErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** 400 and its like, or a request that we know beforehand to be refused: these parameters will never be accepted. */
export class AgoraRejectedError extends AgoraError {
  readonly code = 'AgoraRejected';
  readonly disposition = 'permanent';
}

/** 401 and 403: wrong credentials, or Media Push is not enabled for the project. */
export class AgoraUnauthorizedError extends AgoraError {
  readonly code = 'AgoraUnauthorized';
  readonly disposition = 'permanent';
}

/** 404, where it is not a plain answer. */
export class AgoraNotFoundError extends AgoraError {
  readonly code = 'AgoraNotFound';
  readonly disposition = 'retry';
}

/** 429 for want of room: the project's quota of pushes is used up, or Agora has no resources. */
export class AgoraQuotaExceededError extends AgoraError {
  readonly code = 'AgoraQuotaExceeded';
  readonly disposition = 'quota';
}

/** 429 for too many requests. */
export class AgoraRateLimitedError extends AgoraError {
  readonly code = 'AgoraRateLimited';
  readonly disposition = 'retry';
}

/** 5xx, no connection, or no answer in time, on every host and every try. */
export class AgoraUnavailableError extends AgoraError {
  readonly code = 'AgoraUnavailable';
  readonly disposition = 'retry';
}

/** An answer that cannot be read. */
export class AgoraBadResponseError extends AgoraError {
  readonly code = 'AgoraBadResponse';
  readonly disposition = 'retry';
}
