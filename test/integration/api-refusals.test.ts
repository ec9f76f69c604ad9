import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { expectProblem } from './api-problem.ts';
import { ApiWorld, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let api: RunningApi;
let host: string;
let service: string;
let databaseUri: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  databaseUri = world.databaseUri();
  api = await world.startApi(world.environment(databaseUri));
  host = await tokenOf('host-1');
  service = await serviceToken();
  await register('m-1');
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const register = (meetingId: string, body: Record<string, unknown> = {}): Promise<Reply> =>
  call('PUT', `${api.base}/meetings/${encodeURIComponent(meetingId)}`, {
    token: service,
    body: { host: 'host-1', creator: 'creator-1', participants: ['guest-1'], channel: 'standup', ...body },
  });
const start = (meetingId: string, options: Parameters<typeof call>[2] = {}): Promise<Reply> =>
  call('POST', `${api.base}/meetings/${encodeURIComponent(meetingId)}/recording/start`, {
    token: host,
    ...options,
  });

describe('tokens', () => {
  it('are required, and challenged for', async () => {
    const reply = await call('GET', `${api.base}/meetings/m-1/recording/status`);
    expectProblem(reply, 401, 'token-missing');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer realm="meetrec"');
  });

  it('are refused once they have expired', async () => {
    const reply = await start('m-1', { token: await tokenOf('host-1', { expiresIn: '-2m' }) });
    expectProblem(reply, 401, 'token-expired');
    expect(reply.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('are refused when they are forged, unsigned, signed by another algorithm, or never expire', async () => {
    const secret = new TextEncoder().encode('integration-secret-of-32-bytes-or-more');
    const forged = await tokenOf('host-1', { secret: 'another-secret-that-has-32-bytes-or-more' });
    const unsigned = new UnsecuredJWT({}).setSubject('host-1').setExpirationTime('5m').encode();
    const otherAlgorithm = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS512' })
      .setSubject('host-1')
      .setExpirationTime('5m')
      .sign(secret);
    const endless = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('host-1')
      .sign(secret);
    const nobody = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('5m')
      .sign(secret);
    const [header = '', , signature = ''] = host.split('.');
    const swapped = `${header}.${Buffer.from('{"sub":"host-1","exp":9999999999}').toString('base64url')}.${signature}`;
    for (const token of [forged, unsigned, otherAlgorithm, endless, nobody, swapped, 'nonsense']) {
      expectProblem(await start('m-1', { token }), 401, 'token-invalid');
    }
    expect(await world.objectsOf('m-1')).toHaveLength(0);
  });

  it('of users do not register meetings or end them', async () => {
    expectProblem(
      await call('PUT', `${api.base}/meetings/m-1`, { token: host, body: {} }),
      403,
      'scope-missing',
    );
    expectProblem(await call('POST', `${api.base}/meetings/m-1/end`, { token: host }), 403, 'scope-missing');
  });
});

describe('roles', () => {
  it('keep those away who are neither host nor creator', async () => {
    for (const userId of ['guest-1', 'stranger']) {
      const token = await tokenOf(userId);
      expectProblem(await start('m-1', { token }), 403, 'not-host');
      const paths = ['recording/download', 'recordings'];
      for (const path of paths) {
        expectProblem(await call('GET', `${api.base}/meetings/m-1/${path}`, { token }), 403, 'not-host');
      }
      expectProblem(
        await call('POST', `${api.base}/meetings/m-1/recording/stop`, { token }),
        403,
        'not-host',
      );
    }
    expect(await world.objectsOf('m-1')).toHaveLength(0);
  });

  it('let only participants see the status', async () => {
    const url = `${api.base}/meetings/m-1/recording/status`;
    expect((await call('GET', url, { token: await tokenOf('guest-1') })).status).toBe(200);
    expectProblem(await call('GET', url, { token: await tokenOf('stranger') }), 403, 'not-participant');
  });

  it("don't let a recording of another meeting be downloaded", async () => {
    await register('mine', { host: 'mallory' });
    const started = await start('m-2-victim');
    expectProblem(started, 404, 'meeting-not-found');
    await register('victim');
    const id = String((await start('victim')).body.recording?.['recordingId']);
    const url = `${api.base}/meetings/mine/recording/download?recordingId=${id}`;
    expectProblem(await call('GET', url, { token: await tokenOf('mallory') }), 404, 'recording-not-found');
  });
});

describe('what can not be done now', () => {
  it('is told apart: unknown meeting, nothing to stop, already recording, disabled, no file', async () => {
    expectProblem(await start('unknown'), 404, 'meeting-not-found');
    await register('busy');
    const stop = (): Promise<Reply> =>
      call('POST', `${api.base}/meetings/busy/recording/stop`, { token: host });
    expectProblem(await stop(), 409, 'nothing-to-stop');
    const first = await start('busy');
    const second = await start('busy', { token: await tokenOf('creator-1') });
    expectProblem(second, 409, 'already-recording');
    expect(second.body.recording).toEqual(first.body.recording);
    const download = await call('GET', `${api.base}/meetings/busy/recording/download`, { token: host });
    expectProblem(download, 409, 'not-available');
    expect(download.body.recording).toMatchObject({ status: 'starting' });

    await register('forbidden', { enabled: false });
    expectProblem(await start('forbidden'), 403, 'recording-disabled');
    expect(await world.objectsOf('forbidden')).toHaveLength(0);
  });

  it('is refused in the words of the API server where only that knows', async () => {
    await register('too-fast');
    const reply = await start('too-fast', { body: { fps: 60 } });
    expectProblem(reply, 422, 'recording-refused');
    expect(reply.body['detail']).toContain('Agora pushes at most 30 frames per second');
    const status = await call('GET', `${api.base}/meetings/too-fast/recording/status`, { token: host });
    expect(status.body.recording).toMatchObject({ status: 'idle', recordingId: null });
    expect((await start('too-fast')).status).toBe(202);
  });

  it('includes queueing without end', async () => {
    await using small = await world.startApi({
      ...world.environment(databaseUri),
      MAX_QUEUED_RECORDINGS: '1',
    });
    await register('q-1');
    await register('q-2');
    expect((await start('q-1')).status).toBe(202);
    const refused = await call('POST', `${small.base}/meetings/q-2/recording/start`, { token: host });
    expectProblem(refused, 429, 'queue-full');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await world.objectsOf('q-2')).toHaveLength(0);
  });
});

describe('input', () => {
  it('names the formats where the format is none', async () => {
    const reply = await start('m-1', { body: { format: 'mkv' } });
    expectProblem(reply, 422, 'invalid-request');
    expect(reply.body['detail']).toBe('format: must be one of mp4, webm, m3u8');
    expect(reply.body['errors']).toEqual([{ field: '/format', message: 'must be one of mp4, webm, m3u8' }]);
  });

  it('names every field that is wrong, and unknown ones', async () => {
    const body = { colour: 'red', fps: 0, resolution: '1281x721', bitrate: '2000', maxDuration: 7201 };
    const reply = await start('m-1', { body });
    expectProblem(reply, 422, 'invalid-request');
    const fields = (reply.body['errors'] as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['/bitrate', '/colour', '/fps', '/resolution']);
    const long = await start('m-1', { body: { maxDuration: 7201 } });
    expectProblem(long, 422, 'invalid-request');
    expect(long.body['detail']).toContain('7200');
    expectProblem(
      await call('GET', `${api.base}/meetings/m-1/recordings?limit=2&offset=3`, { token: host }),
      422,
      'invalid-request',
    );
    expectProblem(await register('bad', { channel: undefined }), 422, 'invalid-request');
    expectProblem(await register('bad', { source: { kind: 'rtmp' } }), 422, 'invalid-request');
    expectProblem(await register('bad', { host: 'a\u0000b' }), 422, 'invalid-request');
  });

  it('of 10 MB is refused', async () => {
    const reply = await start('m-1', { body: JSON.stringify({ format: 'x'.repeat(10_000_000) }) });
    expectProblem(reply, 413, 'body-too-large');
  });

  it('has to be JSON', async () => {
    expectProblem(await start('m-1', { body: '{"format":' }), 400, 'malformed-request');
    expectProblem(await start('m-1', { body: '"mp4"' }), 400, 'malformed-request');
    expectProblem(await start('m-1', { body: '[]' }), 422, 'invalid-request');
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expectProblem(await start('m-1', { body: 'format=mp4', headers }), 415, 'unsupported-media-type');
    const latin = { 'Content-Type': 'application/json; charset=iso-8859-1' };
    expectProblem(await start('m-1', { body: '{}', headers: latin }), 415, 'unsupported-media-type');
  });

  it('to paths and methods that are not served says so', async () => {
    expectProblem(await call('GET', `${api.origin}/nothing`), 404, 'route-not-found');
    expectProblem(
      await call('GET', `${api.base}/meetings/%E0%A4%A/recording/status`),
      400,
      'malformed-request',
    );
    const reply = await call('DELETE', `${api.base}/meetings/m-1/recording/start`, { token: host });
    expectProblem(reply, 405, 'method-not-allowed');
    expect(reply.headers.get('allow')).toBe('POST');
    expectProblem(await call('POST', `${api.origin}/healthz`), 405, 'method-not-allowed');
  });

  it('in the shape of an injection is just text', async () => {
    const ids = [
      '{"$ne":null}',
      '$where',
      '__proto__',
      '../../etc/passwd',
      "'; DROP TABLE meetings; --",
      'ä ö\u{1F600}',
      'a,b=c,!d',
      'x'.repeat(128),
    ];
    for (const id of ids) {
      const userId = `user ${id}`.slice(0, 128);
      expect((await register(id, { host: userId })).status).toBe(201);
      const started = await start(id, { token: await tokenOf(userId) });
      expect(started.status).toBe(202);
      const [object] = await world.objectsOf(id.replaceAll(/[\\,=]/g, String.raw`\$&`));
      expect(object?.spec.meetingId).toBe(id);
      expectProblem(await start(id, { token: await tokenOf('someone else') }), 403, 'not-host');
    }
    const operators = { host: { $ne: null }, channel: 'c' };
    expectProblem(await register('operators', operators), 422, 'invalid-request');
    const query = `${api.base}/meetings/m-1/recordings?after[$ne]=x`;
    expectProblem(await call('GET', query, { token: host }), 422, 'invalid-request');
    expectProblem(
      await call('GET', `${api.base}/meetings/nobody/recordings`, { token: host }),
      404,
      'meeting-not-found',
    );
  });

  it('keeps a decent request id and replaces any other', async () => {
    const url = `${api.base}/meetings/m-1/recording/status`;
    const kept = await call('GET', url, { headers: { 'X-Request-ID': 'trace-17' } });
    expect(kept.headers.get('x-request-id')).toBe('trace-17');
    const replaced = await call('GET', url, { headers: { 'X-Request-ID': 'a b' } });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('what is served beside the API', () => {
  it('tells of health, readiness and metrics by route', async () => {
    expect((await call('GET', `${api.origin}/healthz`)).body).toEqual({ status: 'ok' });
    expect((await call('GET', `${api.origin}/readyz`)).body).toEqual({
      stopping: 'ok',
      database: 'ok',
      kubernetes: 'ok',
    });
    const metrics = await (await fetch(`${api.origin}/metrics`)).text();
    expect(metrics).toMatch(
      /http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/meetings\/:meetingId\/recording\/start",status="202"\} \d+/,
    );
    expect(metrics).toContain(
      'controller_runtime_reconcile_total{controller="meeting-projection",result="success"}',
    );
    expect(metrics).not.toContain('m-1');
  });

  it('describes itself, for programs and for people', async () => {
    const described = await call('GET', `${api.origin}/openapi.json`);
    expect(described.body).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
    const page = await fetch(`${api.origin}/docs`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await page.text()).toContain('id="startRecording"');
    expectProblem(await call('POST', `${api.origin}/docs`), 405, 'method-not-allowed');
  });
});
