import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ObjectStoreError } from './object-store.ts';
import { S3Connection } from './s3-connection.ts';

describe('the connection to S3', () => {
  it('throws what goes wrong, and leaves it to others to tell of it', async () => {
    const said = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
    const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    try {
      const { port } = server.address() as AddressInfo;
      const endpoint = `http://127.0.0.1:${port}`;
      const connection = new S3Connection({ bucket: 'bucket', endpoint, forcePathStyle: true });
      // As a part is sent: a stream can't be sent again, which the SDK complains of.
      const sending = connection.request(
        (sdk, client, options) =>
          client.send(
            new sdk.UploadPartCommand({
              Bucket: 'bucket',
              Key: 'key',
              UploadId: 'upload',
              PartNumber: 1,
              Body: Readable.from([Buffer.from('part')]),
              ContentLength: 4,
              ChecksumCRC32: 'AAAAAA==',
            }),
            options,
          ),
        new AbortController().signal,
      );
      await expect(sending).rejects.toBeInstanceOf(ObjectStoreError);
      for (const spy of said) expect(spy).not.toHaveBeenCalled();
    } finally {
      server.close();
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    }
  });
});
