import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { leadsElsewhere } from '../../recorder-image/contract/key-template.ts';
import { storageError } from './s3-access.ts';

export interface ListedPlace {
  readonly bucket: string;
  readonly prefix: string;
  /** What lies deeper is left out. */
  readonly delimiter?: string;
}

/**
 * The keys that begin so, but for those that lead elsewhere where somebody on the way resolves them, as paths are: whoever
 * can store something can call it `FOLDER/../OTHER`. Throws StorageError.
 */
export async function* keysIn(client: S3Client, place: ListedPlace): AsyncGenerator<string> {
  const { bucket, prefix, delimiter } = place;
  const input = {
    Bucket: bucket,
    Prefix: prefix,
    ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
  };
  try {
    for await (const { Contents: found = [] } of paginateListObjectsV2({ client }, input)) {
      // A store that lists more than it was asked for must not have more deleted.
      for (const { Key: key = '' } of found)
        if (key.startsWith(prefix) && !key.slice(prefix.length).split('/').some(leadsElsewhere)) yield key;
    }
  } catch (error) {
    throw storageError(error);
  }
}
