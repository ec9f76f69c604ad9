import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { startS3Proxy } from '../../support/proxy/s3-proxy.ts';
import { startS3 } from '../../support/s3-server.ts';
import type { S3Access } from '../../../operator/storage/s3-access.ts';

/** An S3 server, and what everybody who uses it through {@link WatchedStore.access} does there. */
export interface WatchedStore extends AsyncDisposable {
  readonly access: S3Access;
  /** `METHOD BUCKET KEY` of each request for an object, `LIST BUCKET PREFIX` of each for a list. */
  readonly touched: string[];
  put: (bucket: string, key: string, body?: string) => Promise<void>;
  remove: (bucket: string, key: string) => Promise<void>;
  /** `BUCKET KEY ETAG` of all that is there. */
  snapshot: (buckets: readonly string[]) => Promise<string[]>;
}

export async function watchedStore(buckets: readonly string[]): Promise<WatchedStore> {
  await using closing = new AsyncDisposableStack();
  const s3 = closing.use(await startS3());
  const proxy = closing.use(await startS3Proxy(s3));
  for (const bucket of buckets) await s3.createBucket(bucket);
  const client: S3Client = s3.client();
  closing.defer(() => client.destroy());
  const touched: string[] = [];
  proxy.onRequest((_count, { method, path }) => touched.push(readRequest(method, path)));
  const { accessKeyId, secretAccessKey } = s3;
  const open = closing.move();
  return {
    access: {
      endpoint: proxy.endpoint,
      region: s3.region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    },
    touched,
    put: async (Bucket, Key, Body = Key) => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    remove: async (Bucket, Key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    snapshot: async (names) => {
      const found: string[] = [];
      for (const Bucket of names) {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
        for (const { Key, ETag } of Contents) found.push(`${Bucket} ${Key} ${ETag}`);
      }
      return found.filter((line) => !line.includes('/ '));
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** As a server takes it that decodes a path once; nothing is resolved in it. */
export function readRequest(method: string, target: string): string {
  const query = target.includes('?') ? target.slice(target.indexOf('?') + 1) : '';
  const path = target.slice(1, target.length - (query === '' ? 0 : query.length + 1));
  const slash = path.indexOf('/');
  const bucket = slash === -1 ? path : path.slice(0, slash);
  const key = slash === -1 ? '' : decodeURIComponent(path.slice(slash + 1));
  const prefix = new URLSearchParams(query).get('prefix');
  return prefix === null ? `${method} ${bucket} ${key}` : `LIST ${bucket} ${prefix}`;
}
