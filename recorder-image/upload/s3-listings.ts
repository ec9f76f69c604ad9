import type {
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
  ListPartsCommandOutput,
} from '@aws-sdk/client-s3';
import type { OpenUpload } from './object-store.ts';
import type { StoredPart } from './part-plan.ts';
import type { S3Connection } from './s3-connection.ts';

/** The multipart uploads of this very key that are neither completed nor aborted, the newest first. */
export async function listOpenUploads(
  connection: S3Connection,
  key: string,
  signal: AbortSignal,
): Promise<OpenUpload[]> {
  const Bucket = connection.settings.bucket;
  const found: OpenUpload[] = [];
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  do {
    const input = { Bucket, Prefix: key, KeyMarker, UploadIdMarker };
    const page: ListMultipartUploadsCommandOutput = await connection.request(
      (sdk, client, options) => client.send(new sdk.ListMultipartUploadsCommand(input), options),
      signal,
    );
    for (const { Key, UploadId, Initiated, ChecksumType } of page.Uploads ?? []) {
      // Keys that only begin the same are other recordings.
      if (Key !== key || UploadId === undefined) continue;
      const fullObjectChecksum = ChecksumType === 'FULL_OBJECT';
      found.push({ uploadId: UploadId, initiatedAt: Initiated?.getTime() ?? 0, fullObjectChecksum });
    }
    KeyMarker = page.IsTruncated === true ? page.NextKeyMarker : undefined;
    UploadIdMarker = page.NextUploadIdMarker;
  } while (KeyMarker !== undefined);
  return found.sort((a, b) => b.initiatedAt - a.initiatedAt);
}

/** The parts that an open upload has, in order. */
export async function listParts(
  connection: S3Connection,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<StoredPart[]> {
  const Bucket = connection.settings.bucket;
  const found: StoredPart[] = [];
  let PartNumberMarker: string | undefined;
  do {
    const input = { Bucket, Key: key, UploadId: uploadId, PartNumberMarker };
    const page: ListPartsCommandOutput = await connection.request(
      (sdk, client, options) => client.send(new sdk.ListPartsCommand(input), options),
      signal,
    );
    for (const { PartNumber = 0, Size = 0, ETag = '', ChecksumCRC32 } of page.Parts ?? []) {
      const crc32 = ChecksumCRC32 === undefined ? {} : { crc32: ChecksumCRC32 };
      found.push({ number: PartNumber, size: Size, etag: ETag, ...crc32 });
    }
    PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  return found.sort((a, b) => a.number - b.number);
}

/** The keys that begin like this, and how many bytes each object has. */
export async function listObjects(
  connection: S3Connection,
  prefix: string,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const Bucket = connection.settings.bucket;
  const found = new Map<string, number>();
  let ContinuationToken: string | undefined;
  do {
    const input = { Bucket, Prefix: prefix, ContinuationToken };
    const page: ListObjectsV2CommandOutput = await connection.request(
      (sdk, client, options) => client.send(new sdk.ListObjectsV2Command(input), options),
      signal,
    );
    for (const { Key = '', Size = 0 } of page.Contents ?? []) found.set(Key, Size);
    ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  return found;
}
