import { ObjectStoreError } from './object-store.ts';
import type { StoreFailure } from './object-store.ts';

interface S3Error {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
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

/** Names what went wrong in words that say what to do about it, and whether trying again can help. */
export function explain(error: unknown, bucket: string, endpoint: string | undefined): ObjectStoreError {
  const { name = 'Error', message = String(error), $metadata } = error as S3Error;
  const status = $metadata?.httpStatusCode;
  const where = `bucket "${bucket}"${endpoint === undefined ? '' : ` at ${endpoint}`}`;
  const advice = ADVICE[name]?.(where) ?? `${where}: ${name}: ${message}`;
  return new ObjectStoreError(advice, { code: name, failure: failureOf(name, status), cause: error });
}

function failureOf(name: string, status: number | undefined): StoreFailure {
  if (name === 'NoSuchUpload') return 'no-such-upload';
  if (name === 'InvalidPart' || name === 'InvalidPartOrder') return 'invalid-part';
  if (name === 'CredentialsProviderError' || (status === undefined && PROGRAM_FAULTS.has(name)))
    return 'refused';
  if (status === undefined || TRANSIENT_CODES.has(name) || TRANSIENT_STATUS.has(status)) return 'transient';
  return status >= 300 && status < 500 ? 'refused' : 'transient';
}

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
