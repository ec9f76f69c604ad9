import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { StorageError } from './storage-error.ts';

export interface S3Access {
  /** Absent: AWS's own. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  /** Absent: the AWS SDK's own chain (environment, web identity, …). */
  readonly credentials?: S3ClientConfig['credentials'];
}

export function s3Client({ endpoint, region, forcePathStyle, credentials }: S3Access): S3Client {
  return new S3Client({
    maxAttempts: 2,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** What a request about a file failed with, as a StorageError. */
export function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (httpStatus(error) === 404) {
    return new StorageError(
      'file-gone',
      'The file is gone: its time of retention is over, or it was deleted.',
      { cause: error },
    );
  }
  return new StorageError('storage-unavailable', 'The store of the files does not answer: try again.', {
    cause: error,
  });
}

function httpStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode;
}
