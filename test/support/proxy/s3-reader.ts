import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { S3Server } from '../s3-server.ts';

/** Lets anybody read a bucket, as players do that are given signed addresses or a network of caches. */
export interface S3Reader extends AsyncDisposable {
  readonly urlOf: (key: string) => string;
}

export async function startS3Reader(s3: S3Server, bucket: string): Promise<S3Reader> {
  const client = s3.client();
  const answer = async (key: string, response: ServerResponse): Promise<void> => {
    try {
      const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      response.writeHead(200, { 'content-type': ContentType ?? 'application/octet-stream' });
      await pipeline(Body as Readable, response);
    } catch (error) {
      if (!(error instanceof NoSuchKey)) throw error;
      response.writeHead(404).end();
    }
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://reader');
    answer(decodeURIComponent(pathname.slice(1)), response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (key) => `http://127.0.0.1:${port}/${key}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      client.destroy();
    },
  };
}
