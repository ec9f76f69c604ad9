import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureTool } from '../cluster/toolchain/ensure-tool.ts';
import { startChild, whileAlive } from './child-process.ts';
import type { Child } from './child-process.ts';
import { freePort } from './free-port.ts';
import { tempDirectory } from './temp-directory.ts';
import { waitFor } from './wait-for.ts';

export interface MongoServer extends AsyncDisposable {
  /** `mongodb://127.0.0.1:PORT/`, without a database's name. */
  readonly uri: string;
  /** Kills the server's process, as the kernel does when memory runs out. */
  kill: () => Promise<void>;
  /** Starts it again, at the same address and with what it had. */
  restart: () => Promise<void>;
}

/** Starts a real server of the MongoDB wire protocol on loopback, with no databases. */
export async function startMongo(): Promise<MongoServer> {
  const program = await ensureTool('ferretdb');
  const folder = await tempDirectory('mongo');
  const directory = join(folder.path, 'data');
  await mkdir(directory);
  const port = await freePort();
  const start = async (): Promise<Child> => {
    const server = await startChild({
      name: 'ferretdb',
      command: program,
      args: ['-listen', `127.0.0.1:${port}`, '-directory', directory],
      cwd: folder.path,
    });
    await whileAlive(server, 'ferretdb', (signal) =>
      waitFor(() => accepts(port), { what: 'the MongoDB server to listen', signal }),
    );
    return server;
  };
  let server = await start();
  return {
    uri: `mongodb://127.0.0.1:${port}/`,
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    restart: async () => {
      server = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
