import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { Fuzzer } from '../api-client/fuzz.ts';
import { Random } from '../api-client/random.ts';
import {
  ApiWorld,
  call,
  JWT_SECRET,
  RECORDING_TOKEN_SECRET,
  serviceToken,
  STREAM_KEY_SECRET,
  tokenOf,
  WEBHOOK_SECRET,
} from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

/** API_FUZZ_REQUESTS=20000 API_FUZZ_SEED=7 makes more of them, and the same again. */
const REQUESTS = Number(process.env['API_FUZZ_REQUESTS'] ?? 2000);
const SEED = Number(process.env['API_FUZZ_SEED'] ?? 20_261_123);
const AT_ONCE = 8;
/** What may never be in an answer: secrets, and the inner workings of what is behind the API. */
const SECRETS = [
  JWT_SECRET,
  STREAM_KEY_SECRET,
  RECORDING_TOKEN_SECRET,
  WEBHOOK_SECRET,
  'the-hidden-host',
  'node_modules',
  'MongoServerError',
  'MongooseError',
  'CastError',
  '.ts:',
];

let world: ApiWorld;
let api: RunningApi;
let victim: { before: Reply; recordingId: string };

beforeAll(async () => {
  world = await ApiWorld.start();
  api = await world.startApi(world.environment(world.databaseUri()));
  await call('PUT', `${api.base}/meetings/victim`, {
    token: await serviceToken(),
    body: { host: 'the-hidden-host', channel: 'hidden' },
  });
  const started = await call('POST', `${api.base}/meetings/victim/recording/start`, {
    token: await tokenOf('the-hidden-host'),
  });
  victim = { before: await state(), recordingId: String(started.body.recording?.['recordingId']) };
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const state = async (): Promise<Reply> =>
  call('GET', `${api.base}/meetings/victim/recordings`, { token: await tokenOf('the-hidden-host') });

/** Sends generated requests and holds every answer against the document; returns how often each status came. */
async function fuzz(options: {
  readonly seed: number;
  readonly count: number;
  readonly tokens: readonly (string | undefined)[];
  readonly meetings: readonly string[];
}): Promise<Map<number, number>> {
  const random = new Random(options.seed);
  const known = { meetingId: options.meetings, recordingId: [victim.recordingId, 'rec-00000000'] };
  const fuzzer = new Fuzzer({ document: openApiDocument(), random, known });
  const statuses = new Map<number, number>();
  let left = options.count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { method, path, headers, body } = fuzzer.next();
      const token = random.pick([...options.tokens, 'none']);
      const said = `seed ${options.seed}: ${method} ${path} ${body ?? ''}`;
      const reply = await call(method, api.origin + path, {
        headers,
        ...(token === undefined || token === 'none' ? {} : { token }),
        ...(body === undefined ? {} : { body }),
      });
      expect(reply.status, said).toBeLessThan(500);
      const text = JSON.stringify(reply.body);
      // What was sent may come back, as the meeting's own fields do.
      const leaked = SECRETS.filter((secret) => text.includes(secret) && !said.includes(secret));
      expect(leaked, said).toEqual([]);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return statuses;
}

async function expectNoEffectOnVictim(): Promise<void> {
  const { recordings } = (await state()).body as { recordings: { status: string }[] };
  const { recordings: before } = victim.before.body as { recordings: { status: string }[] };
  expect(recordings.map(({ status }) => status)).toEqual(before.map(({ status }) => status));
  const objects = await world.objectsOf('victim');
  expect(objects.map(({ metadata, spec }) => [metadata.name, spec.desiredState])).toEqual([
    [victim.recordingId, 'Recording'],
  ]);
}

describe('requests made from the OpenAPI document', () => {
  it(`by those who may do nothing do nothing (seed ${SEED})`, async () => {
    const stranger = await tokenOf('stranger');
    const forged = await tokenOf('the-hidden-host', { secret: 'another-secret-that-has-32-bytes-or-more' });
    const expired = await tokenOf('the-hidden-host', { expiresIn: '-2m' });
    const statuses = await fuzz({
      seed: SEED,
      count: REQUESTS / 2,
      tokens: [stranger, stranger, stranger, forged, expired],
      meetings: ['victim', 'elsewhere'],
    });
    expect([...statuses.keys()].filter((status) => status < 400)).toEqual([]);
    expect(statuses.get(403)).toBeGreaterThan(0);
    await expectNoEffectOnVictim();
  }, 600_000);

  it(`by hosts and backends are met or refused, and touch nobody else's (seed ${SEED + 1})`, async () => {
    const meetings = ['mine-1', 'mine-2', 'mine-3'];
    const host = await tokenOf('text-1');
    const service = await serviceToken();
    for (const meetingId of meetings) {
      const body = { host: 'text-1', channel: 'mine' };
      await call('PUT', `${api.base}/meetings/${meetingId}`, { token: service, body });
    }
    const statuses = await fuzz({
      seed: SEED + 1,
      count: REQUESTS / 2,
      tokens: [host, host, service],
      meetings,
    });
    // Not everything is refused: else nothing behind the validation was tried.
    for (const status of [200, 422]) expect(statuses.get(status), String(status)).toBeGreaterThan(0);
    await expectNoEffectOnVictim();
    const reply = await call(
      'GET',
      `${api.base}/meetings/mine-1/recording/download?recordingId=${victim.recordingId}`,
      {
        token: await tokenOf('text-1'),
      },
    );
    expect(reply.status).toBeGreaterThanOrEqual(400);
  }, 600_000);
});
