import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { RecordingService, StartedRecording } from '../meetings/recording-service.ts';
import { createApp } from './app.ts';
import { Authenticator } from './authentication.ts';
import type { ApiContext } from './context.ts';
import { PlaylistLinks } from './playlist-links.ts';

const secret = 'a shared secret of 32 bytes or more';

/** Sends one start to an API whose recording service answers so; returns the answer and all that was logged. */
async function startOnce(answer: () => Promise<StartedRecording>) {
  const lines: string[] = [];
  const recordings: Pick<RecordingService, 'startRecording'> = { startRecording: answer };
  const context: ApiContext = {
    recordings: recordings as RecordingService,
    archive: {} as ApiContext['archive'],
    channels: {} as ApiContext['channels'],
    meetings: {} as ApiContext['meetings'],
    authenticator: new Authenticator({ keys: { secret }, now: () => new Date() }),
    recordingTokens: undefined,
    rateLimits: { user: undefined, address: undefined },
    playlistLinks: new PlaylistLinks({ secret, now: () => new Date(), lifetimeSeconds: 60 }),
    signedPlaylist: () => Promise.reject(new Error('there are no files here')),
    publicUrl: undefined,
    maxDuration: 7200,
    agoraWebhookSecret: undefined,
    rtcTokens: undefined,
    readiness: {},
    isStopping: () => false,
    trustProxyHops: 0,
    registry: new Registry(),
    log: pino({ level: 'trace' }, { write: (line) => lines.push(line) }),
    newRequestId: () => 'request-1',
    now: () => new Date(),
  };
  const server = createServer(createApp(context));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const token = await new SignJWT({ sub: 'user-1' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(secret));
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/meetings/m-1/recording/start`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  const body = await response.text();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  return { status: response.status, headers: response.headers, body, log: lines.join(''), token };
}

describe('the API', () => {
  it('logs requests without tokens and stream keys', async () => {
    const { status, log, token } = await startOnce(async () => ({
      recording: { recordingId: 'rec-1' } as StartedRecording['recording'],
      ingest: { streamKey: 'the-stream-key' },
    }));
    expect(status).toBe(202);
    expect(log).toContain('"route":"/api/v1/meetings/:meetingId/recording/start"');
    expect(log).toContain('"meetingId":"m-1"');
    expect(log).not.toContain(token);
    expect(log).not.toContain('the-stream-key');
  });

  it('tells clients nothing of a fault of its own but the request id', async () => {
    const { status, body, headers, log } = await startOnce(() => Promise.reject(new Error('inner workings')));
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ code: 'internal', requestId: 'request-1' });
    expect(body).not.toContain('inner workings');
    expect(log).toContain('inner workings');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
