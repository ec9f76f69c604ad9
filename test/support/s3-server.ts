import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { startChild, whileAlive } from './child-process.ts';
import { freePort } from './free-port.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitFor } from './wait-for.ts';

/** A real S3 server on loopback. */
export interface S3Service extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; path style. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A name has 3 characters or more. */
  createBucket: (name: string) => Promise<void>;
  /** A client of the AWS SDK for this server; the caller destroys it. */
  client: () => S3Client;
}

export interface S3Server extends S3Service {
  /** Buckets are folders in here, and objects are plain files. */
  readonly directory: string;
}

/** Starts a real S3 server on loopback with a key pair of its own and no bucket. */
export async function startS3(options: { readonly parent?: string } = {}): Promise<S3Server> {
  const program = await ensureTool('versitygw');
  const folder = await tempDirectory('s3', options.parent);
  const directory = join(folder.path, 'buckets');
  await mkdir(directory);
  const region = 'us-east-1';
  const accessKeyId = 'test';
  const secretAccessKey = randomBytes(16).toString('hex');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startChild({
    name: 'versitygw',
    command: program,
    args: [
      '--port',
      `127.0.0.1:${port}`,
      '--region',
      region,
      '--health',
      '/healthz',
      '--quiet',
      'posix',
      directory,
    ],
    env: { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    cwd: folder.path,
  });
  await whileAlive(server, 'versitygw', (signal) =>
    waitFor(async () => (await fetch(`${endpoint}/healthz`, { signal: AbortSignal.timeout(2000) })).ok, {
      what: 'the S3 server to answer',
      signal,
    }),
  );

  return {
    ...accessTo({ endpoint, region, accessKeyId, secretAccessKey }),
    directory,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What tests need of a server that listens there. */
export function accessTo(
  server: Pick<S3Service, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
): Omit<S3Service, typeof Symbol.asyncDispose> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const client = (): S3Client =>
    new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  return {
    ...server,
    client,
    createBucket: async (name) => {
      const own = client();
      await own.send(new CreateBucketCommand({ Bucket: name }));
      own.destroy();
    },
  };
}
