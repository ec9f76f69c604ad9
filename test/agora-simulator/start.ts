import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import express, { type ErrorRequestHandler } from 'express';
import { pino } from 'pino';
import { ZodError } from 'zod';
import { Channels } from './channels.ts';
import { controlRouter } from './control/router.ts';
import { Converters } from './converters.ts';
import { Faults } from './faults.ts';
import { DEFAULT_OPTIONS, type SimulatorOptions } from './options.ts';
import { Archive } from './push/archive.ts';
import { Gate } from './rest/gate.ts';
import { RequestLog } from './rest/request-log.ts';
import { restRouter } from './rest/router.ts';
import { firstFault } from './rest/schemas.ts';
import { Notifier } from './webhooks/notifier.ts';
import { notifyOfChannels } from './webhooks/rtc-events.ts';

/** A running simulator. What its HTTP control offers, a test in the same process may also reach directly. */
export interface AgoraSimulator extends AsyncDisposable {
  /** http://host:port, to be used where Agora's address goes; control is under /control. */
  baseUrl: string;
  options: SimulatorOptions;
  channels: Channels;
  faults: Faults;
  converters: Converters;
  archive: Archive;
  notifier: Notifier;
  log: RequestLog;
}

/** Starts a simulator; disposing of it ends every push in order, and leaves nothing but a data directory it was given. */
export async function startAgoraSimulator(
  overrides: Partial<SimulatorOptions> = {},
): Promise<AgoraSimulator> {
  const options: SimulatorOptions = { ...DEFAULT_OPTIONS, logger: pino({ level: 'silent' }), ...overrides };
  const { dataDirectory } = options;
  const directory = resolve(dataDirectory ?? (await mkdtemp(join(tmpdir(), 'agora-simulator-'))));
  await mkdir(directory, { recursive: true });

  const faults = new Faults();
  const archive = new Archive(directory);
  const channels = new Channels({ auto: options.autoChannel });
  const notifier = new Notifier(options, faults);
  notifyOfChannels(channels, notifier);
  const converters = new Converters({ channels, faults, archive, notifier, simulator: options });
  const log = new RequestLog();
  const gate = new Gate({ simulator: options, faults, converters, log });

  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '1mb' }));
  app.use('/control', controlRouter({ channels, converters, faults, archive, notifier, log }));
  app.use(restRouter({ simulator: options, channels, converters, gate }));
  app.use(failed(options));

  const server = createServer(app);
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = options.host === '0.0.0.0' ? '127.0.0.1' : options.host;
  return {
    baseUrl: `http://${host}:${port}`,
    options,
    channels,
    faults,
    converters,
    archive,
    notifier,
    log,
    async [Symbol.asyncDispose]() {
      await converters.stop();
      await notifier.stop();
      await close(server);
      if (dataDirectory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function failed({ logger }: SimulatorOptions): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof ZodError) {
      response.status(400).json({ message: firstFault(error) });
      return;
    }
    const status =
      typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    if (status >= 500) logger.error({ err: error }, 'the simulator failed');
    response.status(status).json({ message: error instanceof Error ? error.message : 'failed' });
  };
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, 'close');
}
