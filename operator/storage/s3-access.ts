import { S3Client } from '@aws-sdk/client-s3';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { CHECKSUM_SETTINGS, s3Agents } from '../../recorder-image/contract/s3-agents.ts';
import type { ChecksumSetting } from '../../recorder-image/contract/s3-agents.ts';
import { StorageError } from './storage-error.ts';

export interface S3Access {
  /** Absent: AWS's own. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  /** when_required: requests and answers have no checksums. Default: when_supported. */
  readonly checksums?: ChecksumSetting | undefined;
  /** PEM file with authorities that are trusted besides the usual ones. */
  readonly caFile?: string | undefined;
  /** Absent: the AWS SDK's own chain (environment, web identity, …). */
  readonly credentials?: S3ClientConfig['credentials'];
}

/** A client that goes through the proxy of HTTPS_PROXY, where there is one. Throws where `caFile` can't be read. */
export function s3Client(access: S3Access): S3Client {
  const { endpoint, region, forcePathStyle, credentials, checksums = 'when_supported', caFile } = access;
  return new S3Client({
    maxAttempts: 2,
    requestHandler: s3Agents(caFile),
    ...CHECKSUM_SETTINGS[checksums],
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
