import type { RecordingErrorCode } from '../meetings/errors.ts';
import type { StorageErrorCode } from '../storage/storage-error.ts';

interface ErrorCodeMeaning {
  /** HTTP status. */
  readonly status: number;
  /** The same for every occurrence; the problem's detail says what to do. */
  readonly title: string;
  readonly meaning: string;
}

/** What the API itself says no with, before the recording service is asked. */
const OWN_CODES = {
  'malformed-request': {
    status: 400,
    title: 'Malformed request',
    meaning: 'The body is not JSON, or the path can not be decoded.',
  },
  'token-missing': {
    status: 401,
    title: 'Authentication required',
    meaning: 'There is no bearer token in the Authorization header.',
  },
  'token-invalid': {
    status: 401,
    title: 'Invalid token',
    meaning: 'The token was not issued for this API, was tampered with, or lacks a claim.',
  },
  'token-expired': {
    status: 401,
    title: 'Token expired',
    meaning: 'The token was valid once: get a new one.',
  },
  'signature-invalid': {
    status: 401,
    title: 'Invalid signature',
    meaning: 'A webhook whose signature does not match its body.',
  },
  'scope-missing': {
    status: 403,
    title: 'Not allowed',
    meaning: "The token's scope claim lacks meetings:write: users can't do what backends do.",
  },
  'token-scope': {
    status: 403,
    title: 'Not allowed',
    meaning: 'The recording token is for another meeting or another action.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    meaning: 'More requests from one user or one address than the API takes.',
  },
  'link-invalid': {
    status: 403,
    title: 'Not allowed',
    meaning: 'The link to a playlist has expired, or was changed.',
  },
  'recording-tokens-off': {
    status: 501,
    title: 'Not set up',
    meaning: 'The API has no RECORDING_TOKEN_SECRET, and so issues and takes no recording tokens.',
  },
  'rtc-tokens-off': {
    status: 501,
    title: 'Not set up',
    meaning: 'The API has no AGORA_APP_CERTIFICATE, and so issues no RTC tokens.',
  },
  'not-agora': {
    status: 409,
    title: 'Not an Agora meeting',
    meaning: 'The meeting has no Agora channel: its media is published by RTMP.',
  },
  'route-not-found': { status: 404, title: 'No such endpoint', meaning: 'Nothing is served at this path.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path takes the methods that the Allow header lists.',
  },
  'body-too-large': { status: 413, title: 'Body too large', meaning: 'A body has at most 100 kB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'A body is JSON, in UTF-8, and says so in its Content-Type.',
  },
  'invalid-request': {
    status: 422,
    title: 'Invalid request',
    meaning: 'A field is unknown, missing or out of its bounds; `errors` lists each.',
  },
  'keys-unavailable': {
    status: 503,
    title: 'Keys unavailable',
    meaning: 'The JWKS that tokens are verified with can not be fetched.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'A fault of the API; the log has it by its request id.',
  },
} as const satisfies Record<string, ErrorCodeMeaning>;

const FILE_GONE = {
  status: 410,
  title: 'File gone',
  meaning: 'The file was removed, by retention or by hand.',
} as const;

const RECORDING_CODES: Record<RecordingErrorCode, ErrorCodeMeaning> = {
  'not-host': {
    status: 403,
    title: 'Not allowed',
    meaning: "Only the meeting's host and creator may do this.",
  },
  'not-participant': {
    status: 403,
    title: 'Not allowed',
    meaning: 'Only participants of the meeting may see this.',
  },
  'recording-disabled': {
    status: 403,
    title: 'Recording is disabled',
    meaning: "The meeting's recording.enabled is false.",
  },
  'meeting-not-found': {
    status: 404,
    title: 'No such meeting',
    meaning: 'The backend has not registered the meeting.',
  },
  'recording-not-found': {
    status: 404,
    title: 'No such recording',
    meaning: 'The meeting has no recording of this id.',
  },
  'already-recording': {
    status: 409,
    title: 'Already recording',
    meaning: 'The meeting has an active recording, which `recording` shows.',
  },
  'nothing-to-stop': {
    status: 409,
    title: 'Nothing to stop',
    meaning: 'The meeting has no active recording.',
  },
  'not-available': {
    status: 409,
    title: 'No file available',
    meaning: 'The recording has not ended yet, or has no file; `recording` shows how it stands.',
  },
  'file-gone': FILE_GONE,
  'meeting-ended': {
    status: 409,
    title: 'Meeting ended',
    meaning: 'The backend told that the meeting has ended; registering it again opens it.',
  },
  'recording-refused': {
    status: 422,
    title: 'Recording refused',
    meaning: 'The cluster refused the recording as it was asked for; `detail` has its words.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'Key used before',
    meaning: 'The Idempotency-Key came before with another request.',
  },
  'queue-full': { status: 429, title: 'Queue full', meaning: 'Too many recordings wait for a slot.' },
  'cluster-unavailable': {
    status: 503,
    title: 'Cluster unavailable',
    meaning: 'The Kubernetes API does not answer, or does not let recordings be made.',
  },
  'database-unavailable': {
    status: 503,
    title: 'Database unavailable',
    meaning: 'The meeting database does not answer.',
  },
};

const STORAGE_CODES: Record<StorageErrorCode, ErrorCodeMeaning> = {
  'file-gone': FILE_GONE,
  'storage-unavailable': {
    status: 503,
    title: 'Storage unavailable',
    meaning: 'The object store does not answer, or not to this API.',
  },
};

export type ErrorCode = keyof typeof OWN_CODES | RecordingErrorCode | StorageErrorCode;

/** Every `code` of a problem. Stable: clients match on them. docs/reference/errors.md is compared with it by a test. */
export const ERROR_CODES: Record<ErrorCode, ErrorCodeMeaning> = {
  ...OWN_CODES,
  ...RECORDING_CODES,
  ...STORAGE_CODES,
};

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);
}
