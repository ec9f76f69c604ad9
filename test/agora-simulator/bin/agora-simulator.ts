import { once } from 'node:events';
import { pino } from 'pino';
import { optionsFromEnvironment } from '../options.ts';
import { startAgoraSimulator } from '../start.ts';

const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'info' });
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

await using simulator = await startAgoraSimulator(optionsFromEnvironment(process.env, logger));
logger.info({ baseUrl: simulator.baseUrl }, 'simulating Agora');
if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
logger.info('stopping');
