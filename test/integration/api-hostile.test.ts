import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingTokens } from '../../operator/api/recording-tokens.ts';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { Fuzzer } from '../api-client/fuzz.ts';
import { Random } from '../api-client/random.ts';
import type { FuzzedRequest } from '../api-client/request-draft.ts';
import { APP_CERTIFICATE, newTally, sendAll } from './api-fuzz.ts';
import { ApiWorld, BUCKET, call, JWT_SECRET, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

/** API_FUZZ_REQUESTS=20000 API_FUZZ_SEED=7 makes more of them, and the same again. */
const REQUESTS = Number(process.env['API_FUZZ_REQUESTS'] ?? 2000);
const SEED = Number(process.env['API_FUZZ_SEED'] ?? 20_261_123);
/** Of requests by those who may: what is refused early tries nothing of what lies behind. */
const LEAST_MET = 0.2;
const HOST = 'text-1';
const MINE = ['mine-1', 'mine-2', 'mine-3'];
/** Operations that need a backend's token; the playlist and the webhook need none. */
const BY_SERVICE = new Set(['putMeeting', 'endMeeting', 'setLegalHold']);
const WITHOUT_TOKEN = new Set(['getPlaylist', 'receiveAgoraNotification']);

let world: ApiWorld;
let api: RunningApi;
let host: string;
let service: string;
let victim: { before: Reply; recordingId: string };
/** A playlist's address, without the host, as one comes with a download. */
let link: string;
const ownRecordings: string[] = [];

beforeAll(async () => {
  world = await ApiWorld.start();
  api = await world.startApi({
    ...world.environment(world.databaseUri()),
    S3_BUCKET: BUCKET,
    AGORA_APP_ID: '970ca35de60c44645bbae8a215061b33',
    AGORA_APP_CERTIFICATE: APP_CERTIFICATE,
  });
  [host, service] = [await tokenOf(HOST, { expiresIn: '1h' }), await serviceToken()];
  await call('PUT', `${api.base}/meetings/victim`, {
    token: service,
    body: { host: 'the-hidden-host', channel: 'hidden' },
  });
  const started = await call('POST', `${api.base}/meetings/victim/recording/start`, {
    token: await tokenOf('the-hidden-host'),
  });
  victim = { before: await state(), recordingId: String(started.body.recording?.['recordingId']) };
  link = await playlistLink();
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const state = async (): Promise<Reply> =>
  call('GET', `${api.base}/meetings/victim/recordings`, { token: await tokenOf('the-hidden-host') });
const put = async (key: string, body: string): Promise<unknown> =>
  world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));

async function register(meetingId: string): Promise<void> {
  const body = { host: HOST, channel: 'mine' };
  await call('PUT', `${api.base}/meetings/${meetingId}`, { token: await serviceToken(), body });
}

async function playlistLink(): Promise<string> {
  await register('watched');
  const start = await call('POST', `${api.base}/meetings/watched/recording/start`, {
    token: host,
    body: { format: 'm3u8' },
  });
  const id = String(start.body.recording?.['recordingId']);
  await put(`recordings/watched/${id}.m3u8`, `#EXTM3U\n#EXTINF:6,\n${id}/1-00000.m4s\n`);
  const download = await call('GET', `${api.base}/meetings/watched/recording/download`, { token: host });
  const { pathname } = new URL(String(download.body['url']));
  return String(pathname.split('/').at(-2));
}

/** Plays the controller: what was stopped has ended, and has a file. */
async function settle(): Promise<void> {
  for (const meetingId of MINE) {
    for (const { metadata, spec, status } of await world.objectsOf(meetingId)) {
      ownRecordings.push(metadata.name);
      if (spec.desiredState !== 'Stopped' || status?.phase === 'Completed') continue;
      const folder = await world.folder(metadata.name);
      const key = `${folder.prefix}recording.mp4`;
      await put(key, 'media');
      const url = `s3://${BUCKET}/${key}`;
      const file = { bucket: BUCKET, key, url, sizeBytes: 5, format: 'mp4' } as const;
      await world.setStatus(metadata.name, { phase: 'Completed', reason: 'StopRequested', folder, file });
    }
  }
}

function fuzzer(random: Random, meetings: readonly string[]): Fuzzer {
  const now = Date.now();
  const payload = { channelName: 'mine', ts: Math.floor(now / 1000), uid: 'u-1', clientSeq: 7 };
  const notification = (eventType: number) => ({
    noticeId: `n-${eventType}`,
    productId: 1,
    eventType,
    notifyMs: now,
    payload,
  });
  const known = {
    meetingId: meetings,
    recordingId: ownRecordings.length > 0 ? ownRecordings : ['rec-00000000'],
    after: ownRecordings.length > 0 ? ownRecordings : ['rec-00000000'],
    link: [link],
    host: [HOST],
    creator: [HOST],
    userId: [HOST],
    channel: ['mine'],
    take: [1],
    fps: [15, 30],
    bitrate: [500, 2000],
    maxDuration: [60, 7200],
  };
  const bodies = { receiveAgoraNotification: [101, 103, 104].map(notification) };
  return new Fuzzer({ document: openApiDocument(), random, known, bodies });
}

function rightToken(operationId: string): string | undefined {
  if (WITHOUT_TOKEN.has(operationId)) return undefined;
  return BY_SERVICE.has(operationId) ? service : host;
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
    const random = new Random(SEED);
    const made = fuzzer(random, ['victim', 'elsewhere']);
    const stranger = await tokenOf('stranger');
    const expired = await tokenOf('the-hidden-host', { expiresIn: '-2m' });
    const tally = newTally();
    const requests = function* () {
      for (let index = 0; index < REQUESTS / 4; index += 1) {
        const request = made.next();
        const token = random.pick([stranger, stranger, expired, undefined]);
        if (!WITHOUT_TOKEN.has(request.operationId)) yield { request, token };
      }
    };
    await sendAll(api.origin, requests(), tally);
    expect([...tally.statuses.keys()].filter((status) => status < 400)).toEqual([]);
    expect(tally.statuses.get(403)).toBeGreaterThan(0);
    await expectNoEffectOnVictim();
  }, 600_000);

  it(`by hosts and backends are met or refused, and touch nobody else's (seed ${SEED + 1})`, async () => {
    for (const meetingId of MINE) await register(meetingId);
    const random = new Random(SEED + 1);
    const tally = newTally();
    const rounds = 10;
    for (let round = 0; round < rounds; round += 1) {
      const made = fuzzer(random, MINE);
      const requests = function* () {
        for (let index = 0; index < REQUESTS / rounds; index += 1) {
          const request = made.next();
          const isRight = random.chance(0.9);
          const token = isRight ? rightToken(request.operationId) : random.pick([host, service, undefined]);
          yield { request, token };
        }
      };
      await sendAll(api.origin, requests(), tally);
      for (const meetingId of MINE) await register(meetingId);
      await settle();
    }
    const met = [...tally.statuses].reduce((sum, [status, count]) => sum + (status < 400 ? count : 0), 0);
    expect(met / tally.sent, JSON.stringify([...tally.statuses])).toBeGreaterThanOrEqual(LEAST_MET);
    expect(fuzzer(random, MINE).operationIds.filter((id) => !tally.met.has(id))).toEqual([]);
    expect(tally.statuses.get(422)).toBeGreaterThan(0);
    await expectNoEffectOnVictim();
  }, 600_000);

  it(`with each hostile value once in each field fail nowhere (seed ${SEED + 2})`, async () => {
    await register('mine-1');
    const made = fuzzer(new Random(SEED + 2), ['mine-1']);
    const places = new Set<string>();
    const tally = newTally();
    for (const [operationId, faults] of Map.groupBy(
      made.singleFaults(),
      ({ request }) => request.operationId,
    )) {
      // An earlier operation may have given the meeting to somebody else.
      await register('mine-1');
      for (const { where } of faults) places.add(`${operationId} ${where}`);
      await sendAll(
        api.origin,
        faults.map(({ request }) => ({ request, token: rightToken(operationId) })).values(),
        tally,
      );
    }
    for (const place of ['startRecording body/format', 'putMeeting body/host', 'getPlaylist path:link'])
      expect(places).toContain(place);
    expect(places.size).toBeGreaterThan(40);
    await expectNoEffectOnVictim();
  }, 600_000);
});

describe("another's meeting", () => {
  const ofVictim = (): FuzzedRequest[] =>
    fuzzer(new Random(SEED + 3), ['victim'])
      .valid()
      .filter(({ operationId }) => !WITHOUT_TOKEN.has(operationId));

  it('opens to no forged, borrowed or outdated token', async () => {
    const secret = new TextEncoder().encode(JWT_SECRET);
    const claims = { sub: 'the-hidden-host', scope: 'meetings:write' };
    const signedBy = (key: Uint8Array, header: Record<string, unknown>, more: object = {}): Promise<string> =>
      new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + 300, ...more })
        .setProtectedHeader({ alg: 'HS256', ...header })
        .sign(key);
    const other = new TextEncoder().encode('another-secret-that-has-32-bytes-or-more');
    const good = await signedBy(secret, {});
    const [header = '', payload = '', signature = ''] = good.split('.');
    const recordingTokens = new RecordingTokens({
      secret: 'some-other-secret-of-32-bytes-or-more',
      now: () => new Date(),
      newId: () => 'id',
    });
    const grant = { userId: 'the-hidden-host', meetingId: 'victim', action: 'start' } as const;
    const tokens = [
      await signedBy(other, {}),
      await signedBy(other, { kid: '../../../../dev/null' }),
      await signedBy(other, { jku: 'http://127.0.0.1/keys', x5u: 'http://127.0.0.1/x' }),
      await signedBy(secret, { alg: 'HS384' }),
      await signedBy(secret, {}, { exp: Math.floor(Date.now() / 1000) - 120 }),
      await signedBy(secret, {}, { nbf: Math.floor(Date.now() / 1000) + 120 }),
      new UnsecuredJWT(claims).setExpirationTime('5m').encode(),
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.toUpperCase()}`,
      `${header}.${Buffer.from('{"sub":"the-hidden-host","exp":9999999999}').toString('base64url')}.${signature}`,
      (await recordingTokens.issue(grant, 300)).token,
      link,
    ];
    for (const request of ofVictim()) {
      const statuses = await Promise.all(
        tokens.map(async (token) => {
          const { method, path, headers, body } = request;
          const sent = { headers, token, ...(body === undefined ? {} : { body }) };
          return (await call(method, api.origin + path, sent)).status;
        }),
      );
      expect(statuses, request.operationId).toEqual(tokens.map(() => 401));
    }
    await expectNoEffectOnVictim();
  }, 120_000);

  it('opens to nobody who names its ids within a meeting of their own', async () => {
    await register('mine-1');
    const base = `${api.base}/meetings/mine-1`;
    const { recordingId } = victim;
    const requests = [
      ['GET', `${base}/recording/download?recordingId=${recordingId}`, host, undefined],
      ['GET', `${base}/recordings?after=${recordingId}`, host, undefined],
      ['PUT', `${base}/recordings/${recordingId}/legal-hold`, service, { legalHold: true }],
    ] as const;
    for (const [method, url, token, body] of requests) {
      const reply = await call(method, url, { token, ...(body === undefined ? {} : { body }) });
      expect([reply.status, reply.body['code']], url).toEqual([404, 'recording-not-found']);
    }
    for (const request of ofVictim()) {
      if (BY_SERVICE.has(request.operationId)) continue;
      const { method, path, headers } = request;
      // Not every start that the document allows makes sense, and its options are checked before the role.
      const body = request.operationId === 'startRecording' ? '{}' : request.body;
      const sent = { headers, token: host, ...(body === undefined ? {} : { body }) };
      expect((await call(method, api.origin + path, sent)).status, request.operationId).toBe(403);
    }
    await expectNoEffectOnVictim();
  });
});
