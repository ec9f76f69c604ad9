import { loadavg } from 'node:os';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { startChild, whileAlive } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ApiWorld, BUCKET, serviceToken, tokenOf } from '../../integration/api-world.ts';
import { Load } from './load.ts';
import type { LoadRequest } from './load.ts';
import { startStandInRecorders } from './stand-in-recorders.ts';
import { phase } from './phase.ts';
import type { PhaseResult } from './phase.ts';
import { readProcessFigures } from './process-figures.ts';

export interface ScenarioOptions {
  readonly meetings: number;
  /** Of each kind that only reads. */
  readonly reads: number;
  readonly atOnce: number;
  /** The CPU that the API is kept to. */
  readonly cpu: number;
  /** Where the API's process writes a profile of its CPU, if anywhere. */
  readonly profileFolder?: string | undefined;
  /** Told of each kind of requests as soon as it was measured. */
  readonly onPhase: (result: PhaseResult) => void;
}

export interface ScenarioResult {
  /** Of the machine, over the minute before: what else it was busy with. */
  readonly loadAverage: number;
  readonly phases: readonly PhaseResult[];
  readonly residentMb: number;
}

const SETTLE_AT_ONCE = 8;
const START_TIMEOUT_MS = 60_000;
const SETTLE_TIMEOUT_MS = 180_000;

/** A day of meetings in small: registered, started, looked at, stopped, listed, downloaded; everything behind is real. */
export async function scenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { meetings, reads, atOnce, onPhase } = options;
  const [loadAverage = Number.NaN] = loadavg();
  await using closing = new AsyncDisposableStack();
  const world = closing.use(await ApiWorld.start());
  const origin = `http://127.0.0.1:${await startPinnedApi(world, options, closing)}`;
  const load = closing.use(new Load({ origin, connections: atOnce }));
  const recorders = closing.use(await startStandInRecorders());
  const [host, service] = [await tokenOf('host-1', { expiresIn: '1h' }), await serviceToken()];
  const path = (index: number, rest = ''): string => `/api/v1/meetings/meeting-${index % meetings}${rest}`;
  const times = (count: number, request: (index: number) => LoadRequest): LoadRequest[] =>
    Array.from({ length: count }, (_, index) => request(index));
  const get = (rest: string): LoadRequest[] =>
    times(reads, (index) => ({ method: 'GET', path: path(index, rest), token: host }));
  const post = (rest: string): LoadRequest[] =>
    times(meetings, (index) => ({ method: 'POST', path: path(index, rest), token: host }));
  const phases: PhaseResult[] = [];
  const run = async (name: string, expected: number, requests: LoadRequest[]) => {
    const { result, samples } = await phase({ name, load, origin, requests, atOnce, expected });
    phases.push(result);
    onPhase(result);
    return samples;
  };

  await run(
    'register',
    201,
    times(meetings, (index) => {
      const body = { host: 'host-1', channel: `channel-${index}`, participants: ['guest-1', 'guest-2'] };
      return { method: 'PUT', path: path(index), token: service, body };
    }),
  );
  const started = await run('start', 202, post('/recording/start'));
  const ids = started.map(({ body }) =>
    String((body['recording'] as Record<string, unknown>)['recordingId']),
  );
  await inTurn(ids, async (id) => {
    const startedAt = '2026-11-23T10:00:00Z';
    const recorderUrl = recorders.urlOf(id);
    await world.setStatus(id, { phase: 'Recording', startedAt, durationSeconds: 5, recorderUrl });
  });
  await settled(load, get('/recordings').slice(0, meetings), 'recording');
  await run('status', 200, get('/recording/status'));
  await run('stop', 202, post('/recording/stop'));
  const s3 = world.s3Client();
  await inTurn(ids, async (id) => {
    const folder = await world.folder(id);
    const key = `${folder.prefix}recording.mp4`;
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'media' }));
    const file = { bucket: BUCKET, key, url: `s3://${BUCKET}/${key}`, sizeBytes: 5, format: 'mp4' } as const;
    await world.setStatus(id, {
      phase: 'Completed',
      reason: 'StopRequested',
      durationSeconds: 60,
      folder,
      file,
    });
  });
  await settled(load, get('/recordings').slice(0, meetings), 'completed');
  await run('list', 200, get('/recordings'));
  await run('download', 200, get('/recording/download'));
  return { loadAverage, phases, residentMb: (await readProcessFigures(origin)).residentMb };
}

async function startPinnedApi(
  world: ApiWorld,
  { cpu, profileFolder }: ScenarioOptions,
  closing: AsyncDisposableStack,
): Promise<number> {
  const port = await freePort();
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const env = {
    ...world.environment(world.databaseUri('bench')),
    HTTP_PORT: String(port),
    LOG_LEVEL: 'info',
  };
  const command = {
    command: 'taskset',
    args: ['-c', String(cpu), process.execPath, ...profiling, 'operator/bin/api.ts'],
  };
  const child: Child = closing.use(await startChild({ name: 'the API', ...command, env }));
  await whileAlive(child, 'the API', (signal) =>
    waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
      what: 'the API to be ready',
      timeoutMs: START_TIMEOUT_MS,
      signal,
    }),
  );
  return port;
}

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: SETTLE_AT_ONCE }, worker));
}

/** Until the database shows for every meeting what its object says: what is measured next is not the catching up. */
async function settled(load: Load, requests: readonly LoadRequest[], status: string): Promise<void> {
  for (const request of requests) {
    await waitFor(
      async () => {
        const { recordings } = (await load.send(request)).body as { recordings: { status: string }[] };
        return recordings[0]?.status === status;
      },
      { what: `${request.path} to be ${status}`, timeoutMs: SETTLE_TIMEOUT_MS },
    );
  }
}
