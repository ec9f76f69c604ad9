import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { EXIT_CODES } from '../contract/exit-codes.ts';
import { runSalvage } from './run-salvage.ts';

describe('salvage that is told to stop', () => {
  it('ends without a result and without a complaint, so that another one does it', async () => {
    await using folder = await tempDirectory('salvage-stop');
    // S3 takes the question and does not answer.
    const stop = new AbortController();
    const server = createServer(() => stop.abort(new Error('told to stop'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    try {
      const { port } = server.address() as AddressInfo;
      const resultPath = join(folder.path, 'result');
      const complain = vi.fn<(text: string) => void>();
      const code = await runSalvage({
        env: {
          RECORDING_ID: 'rec',
          S3_BUCKET: 'bucket',
          S3_KEY: 'recordings/rec.mp4',
          S3_ENDPOINT: `http://127.0.0.1:${port}`,
          S3_FORCE_PATH_STYLE: 'true',
          RESULT_PATH: resultPath,
          LOG_LEVEL: 'silent',
        },
        signal: stop.signal,
        complain,
      });
      expect(code).toBe(EXIT_CODES.failed);
      expect(complain).not.toHaveBeenCalled();
      expect(existsSync(resultPath)).toBe(false);
    } finally {
      server.closeAllConnections();
      server.close();
      vi.unstubAllEnvs();
    }
  });
});
