import { isDatabaseUnavailable } from '../meetings/database-error.ts';
import { RecordingError } from '../meetings/errors.ts';
import { StorageError } from '../storage/storage-error.ts';
import { problem, ProblemError } from './problem.ts';
import type { Problem } from './problem.ts';

interface Refusal {
  readonly body: Problem;
  readonly headers: Record<string, string>;
}

const RETRY_AFTER_SECONDS = 5;

/** What the client is told of an error. Nothing of an error that is not meant for clients gets out. */
export function problemOfError(error: unknown, requestId: string): Refusal {
  if (error instanceof ProblemError) {
    const errors = error.errors === undefined ? {} : { errors: error.errors };
    return {
      body: problem(error.code, error.message, { requestId, ...errors }),
      headers: { ...error.headers },
    };
  }
  if (error instanceof RecordingError) {
    const recording = error.recording === undefined ? {} : { recording: error.recording };
    const seconds = error.retryAfterSeconds;
    return {
      body: problem(error.code, error.message, { requestId, ...recording }),
      headers: seconds === undefined ? {} : { 'Retry-After': String(seconds) },
    };
  }
  if (error instanceof StorageError) {
    return {
      body: problem(error.code, error.message, { requestId }),
      headers: error.code === 'storage-unavailable' ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {},
    };
  }
  if (isDatabaseUnavailable(error)) {
    return {
      body: problem('database-unavailable', 'The meeting database does not answer: try again.', {
        requestId,
      }),
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    };
  }
  return problemOfHttpError(error, requestId);
}

/** Errors of Express and its body parser carry a type or a status. */
function problemOfHttpError(error: unknown, requestId: string): Refusal {
  const { type, status } = (typeof error === 'object' && error !== null ? error : {}) as {
    type?: unknown;
    status?: unknown;
  };
  if (type === 'entity.too.large') {
    return {
      body: problem('body-too-large', 'Send at most 100 kB.', { requestId }),
      headers: { Connection: 'close' },
    };
  }
  if (type === 'charset.unsupported' || type === 'encoding.unsupported') {
    return {
      body: problem('unsupported-media-type', 'Send the body as JSON in UTF-8.', { requestId }),
      headers: {},
    };
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const detail =
      type === 'entity.parse.failed' ? 'The body is not valid JSON.' : 'The request can not be read.';
    return { body: problem('malformed-request', detail, { requestId }), headers: {} };
  }
  return {
    body: problem('internal', `Something went wrong here. Tell the operators this request id: ${requestId}`, {
      requestId,
    }),
    headers: {},
  };
}
