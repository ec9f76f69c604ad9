import { ObjectStoreError } from './object-store.ts';
import type { StoreFailure } from './object-store.ts';

export interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** Client errors that are worth another try: request timeout, conflict, too early, too many requests. */
const TRANSIENT_STATUS = new Set([408, 409, 425, 429]);
const TRANSIENT_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'IncompleteBody',
  'BadDigest',
  'InternalError',
]);

/** Of the program itself, or of its settings: no other try mends them. */
const PROGRAM_FAULTS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'ERR_MODULE_NOT_FOUND']);

/** The longest that a store is waited for because it asks for it, in ms. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/** Names what went wrong in words that say what to do about it, and whether trying again can help. */
export function explain(error: unknown, bucket: string, endpoint: string | undefined): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const { name = 'Error', message = String(error), $metadata, $response } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  const where = `bucket "${bucket}"${endpoint === undefined ? '' : ` at ${endpoint}`}`;
  const failure = failureOf(name, status);
  const advice = adviceOn(name, message, failure)?.(where) ?? `${where}: ${name}: ${message}`;
  const retryAfterMs = retryAfter($response?.headers?.['retry-after']);
  return new ObjectStoreError(advice, { code: name, failure, cause: error, retryAfterMs });
}

/** Milliseconds, from seconds or a date (RFC 9110). */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^[0-9.]+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? Math.min(ms, LONGEST_RETRY_AFTER_MS) : undefined;
}

function failureOf(name: string, status: number | undefined): StoreFailure {
  if (name === 'NoSuchUpload') return 'no-such-upload';
  if (name === 'PreconditionFailed') return 'exists';
  if (name === 'InvalidPart' || name === 'InvalidPartOrder') return 'invalid-part';
  if (name === 'CredentialsProviderError' || (status === undefined && PROGRAM_FAULTS.has(name)))
    return 'refused';
  if (status === undefined || TRANSIENT_CODES.has(name) || TRANSIENT_STATUS.has(status)) return 'transient';
  return status >= 300 && status < 500 ? 'refused' : 'transient';
}

function adviceOn(
  name: string,
  message: string,
  failure: StoreFailure,
): ((where: string) => string) | undefined {
  if (failure === 'refused' && (/checksum|trailer/i.test(message) || WORDLESS.has(name)))
    return (where) =>
      `${name}: ${where} refuses a request: if it is for its checksum, set S3_CHECKSUMS=when_required (the store says: ${message})`;
  return ADVICE[name];
}

/** A refusal without a word, as the answer to HEAD is, of a store that can be had without checksums. */
const WORDLESS = new Set(['Unknown', 'UnknownError', '400', 'BadRequest']);

const ADVICE: Readonly<Record<string, (where: string) => string>> = {
  NoSuchBucket: (where) =>
    `NoSuchBucket: ${where} does not exist: create it, or correct S3_BUCKET and S3_ENDPOINT`,
  AccessDenied: (where) =>
    `AccessDenied: ${where} refuses this identity: allow it s3:PutObject, s3:GetObject and s3:AbortMultipartUpload`,
  InvalidAccessKeyId: (where) =>
    `InvalidAccessKeyId: ${where} does not know this access key: correct AWS_ACCESS_KEY_ID`,
  SignatureDoesNotMatch: (where) =>
    `SignatureDoesNotMatch: ${where} refuses the signature: correct AWS_SECRET_ACCESS_KEY and AWS_REGION`,
  ExpiredToken: (where) => `ExpiredToken: ${where} refuses credentials that have expired: renew them`,
  CredentialsProviderError: (where) =>
    `CredentialsProviderError: there are no credentials for ${where}: give AWS_ACCESS_KEY_ID and ` +
    'AWS_SECRET_ACCESS_KEY, or a web identity',
  PermanentRedirect: (where) => `PermanentRedirect: ${where} is in another region: correct AWS_REGION`,
};
