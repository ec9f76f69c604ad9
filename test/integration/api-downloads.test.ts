import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeKey } from '../../recorder-image/contract/object-keys.ts';
import { waitFor } from '../support/wait-for.ts';
import { startProxy } from './api-proxy.ts';
import type { Proxy } from './api-proxy.ts';
import { ApiWorld, BUCKET, call, serviceToken, tokenOf } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let api: RunningApi;
let outside: Proxy;
let host: string;
const content = randomBytes(100_000);

beforeAll(async () => {
  world = await ApiWorld.start();
  outside = await startProxy(Number(new URL(world.s3.endpoint).port));
  api = await world.startApi({
    ...world.environment(world.databaseUri()),
    S3_PUBLIC_ENDPOINT: `http://127.0.0.1:${outside.port}`,
    DOWNLOAD_URL_EXPIRY: '600',
  });
  host = await tokenOf('host-1');
}, 120_000);

afterAll(async () => {
  await api.stop();
  await outside[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** A recording that has ended with so many takes in S3. */
async function recorded(meetingId: string, takes = 1): Promise<string> {
  const base = `${api.base}/meetings/${encodeURIComponent(meetingId)}`;
  const body = { host: 'host-1', channel: 'standup' };
  await call('PUT', base, { token: await serviceToken(), body });
  const started = await call('POST', `${base}/recording/start`, { token: host });
  const id = String(started.body.recording?.['recordingId']);
  const folder = await world.folder(id);
  const first = `${folder.prefix}recording.mp4`;
  const keys = Array.from({ length: takes }, (_, index) => takeKey(first, index + 1));
  for (const Key of keys) {
    await world.s3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: content }));
  }
  const files = keys.map((key) => ({
    bucket: BUCKET,
    key,
    url: `s3://${BUCKET}/${key}`,
    sizeBytes: content.length,
    format: 'mp4' as const,
  }));
  const [file] = files;
  await world.setStatus(id, {
    phase: 'Completed',
    reason: 'StopRequested',
    folder,
    ...(files.length > 1 || file === undefined ? { files } : { file }),
  });
  await waitFor(
    async () => {
      const reply = await call('GET', `${base}/recordings`, { token: host });
      return (reply.body['recordings'] as { status: string }[])[0]?.status === 'completed';
    },
    { what: 'the recording to be completed' },
  );
  return id;
}

const download = (meetingId: string, query = ''): Promise<Reply> =>
  call('GET', `${api.base}/meetings/${encodeURIComponent(meetingId)}/recording/download${query}`, {
    token: host,
  });

describe('a download', () => {
  it('is served by S3 to whoever has the URL, whole and in parts, and to nobody else', async () => {
    const id = await recorded('daily');
    const before = Date.now();
    const reply = await download('daily');
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      recordingId: id,
      fileName: `daily-${id}.mp4`,
      sizeBytes: content.length,
      format: 'mp4',
      takes: 1,
    });
    const expiresIn = new Date(String(reply.body['expiresAt'])).getTime() - before;
    expect(expiresIn).toBeGreaterThan(590_000);
    const url = new URL(String(reply.body['url']));
    expect(url.port).toBe(String(outside.port));

    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-type')).toBe('video/mp4');
    expect(whole.headers.get('content-disposition')).toContain(`filename="daily-${id}.mp4"`);
    expect(content.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
    const part = await fetch(url, { headers: { Range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect(content.subarray(10, 20).equals(Buffer.from(await part.arrayBuffer()))).toBe(true);

    expect((await fetch(new URL(url.pathname, url))).status).toBe(403);
    url.searchParams.set('X-Amz-Expires', '86400');
    expect((await fetch(url)).status).toBe(403);
  });

  it('can be a redirect', async () => {
    await recorded('direct');
    const reply = await download('direct', '?redirect=1');
    expect(reply.status).toBe(302);
    const file = await fetch(String(reply.headers.get('location')));
    expect(content.equals(Buffer.from(await file.arrayBuffer()))).toBe(true);
  });

  it('names the file safely, whatever the meeting is called', async () => {
    await recorded('../ä "x"\\');
    const reply = await download('../ä "x"\\');
    const file = await fetch(String(reply.body['url']));
    expect(file.status).toBe(200);
    const disposition = String(file.headers.get('content-disposition'));
    expect(disposition).toMatch(/^attachment; filename="[\w.-]+"; filename\*=UTF-8''[\w.%-]+$/);
    await file.body?.cancel();
  });

  it('has the further takes of a recording, and earlier recordings', async () => {
    const first = await recorded('takes', 2);
    expect((await download('takes')).body).toMatchObject({ takes: 2, fileName: `takes-${first}-1.mp4` });
    const second = await download('takes', '?take=2');
    expect(new URL(String(second.body['url'])).pathname).toContain('/recording-take2.mp4');
    expect((await download('takes', '?take=3')).body).toMatchObject({ code: 'not-available' });
    const later = await recorded('takes');
    expect((await download('takes')).body).toMatchObject({ recordingId: later });
    expect((await download('takes', `?recordingId=${first}`)).body).toMatchObject({ recordingId: first });
  });

  it('is gone when the file is', async () => {
    const { prefix } = await world.folder(await recorded('expired'));
    const Key = `${prefix}recording.mp4`;
    await world.s3Client().send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    const reply = await download('expired');
    expect(reply.status).toBe(410);
    expect(reply.body).toMatchObject({ code: 'file-gone' });
  });
});
