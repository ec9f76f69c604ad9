import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { startChild, whileAlive } from './child-process.ts';
import { freePort } from './free-port.ts';
import { accessTo } from './s3-server.ts';
import type { S3Service } from './s3-server.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitFor } from './wait-for.ts';

const SERVICES = ['master', 'volume', 'filer', 's3'] as const;
const LOOPBACK = '127.0.0.1';

/** Starts SeaweedFS on loopback, all of it in one process, with a key pair of its own and no bucket. */
export async function startSeaweedfs(): Promise<S3Service> {
  const program = await ensureTool('seaweedfs');
  const folder = await tempDirectory('seaweedfs');
  const directory = join(folder.path, 'data');
  await mkdir(directory);
  const accessKeyId = 'test';
  const secretAccessKey = randomBytes(16).toString('hex');
  const config = join(folder.path, 's3.json');
  const credentials = [{ accessKey: accessKeyId, secretKey: secretAccessKey }];
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
  await writeFile(config, JSON.stringify({ identities: [{ name: 'test', credentials, actions }] }));
  const ports = new Map<string, number>();
  for (const service of SERVICES) {
    ports.set(`${service}.port`, await freePort());
    ports.set(`${service}.port.grpc`, await freePort());
  }
  const endpoint = `http://${LOOPBACK}:${ports.get('s3.port')}`;
  const server = await startChild({
    name: 'seaweedfs',
    command: program,
    args: [
      'server',
      `-dir=${directory}`,
      `-ip=${LOOPBACK}`,
      `-ip.bind=${LOOPBACK}`,
      '-s3',
      `-s3.config=${config}`,
      '-master.telemetry=false',
      '-master.volumeSizeLimitMB=64',
      '-volume.max=100',
      ...[...ports].map(([name, port]) => `-${name}=${port}`),
    ],
    env: { HOME: folder.path },
    cwd: folder.path,
  });
  await using stack = new AsyncDisposableStack();
  stack.use(folder);
  stack.defer(() => server.stop());
  const access = accessTo({ endpoint, region: 'us-east-1', accessKeyId, secretAccessKey });
  // It answers before it can take anything.
  await whileAlive(server, 'seaweedfs', (signal) =>
    waitFor(() => access.createBucket('is-it-there').then(() => true), {
      what: 'SeaweedFS to take a bucket',
      timeoutMs: 120_000,
      signal,
    }),
  );
  const owned = stack.move();
  return { ...access, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
