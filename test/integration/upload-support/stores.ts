import { startS3 } from '../../support/s3-server.ts';
import type { S3Service } from '../../support/s3-server.ts';
import { startSeaweedfs } from '../../support/seaweedfs.ts';

/** The real S3 servers that uploads are tried against. */
export const STORES: readonly [Store, ...Store[]] = [
  { name: 'versitygw', start: startS3 },
  { name: 'SeaweedFS', start: startSeaweedfs },
];

export interface Store {
  readonly name: string;
  readonly start: () => Promise<S3Service>;
}
