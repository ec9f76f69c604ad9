import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { expectProblem } from './api-problem.ts';
import { ApiWorld, call, serviceToken, tokenOf, WEBHOOK_SECRET } from './api-world.ts';
import type { Reply, RunningApi } from './api-world.ts';

let world: ApiWorld;
let api: RunningApi;
let databaseUri: string;

beforeAll(async () => {
  world = await ApiWorld.start();
  databaseUri = world.databaseUri();
  api = await world.startApi(world.environment(databaseUri));
}, 120_000);

afterAll(async () => {
  await api.stop();
  await world[Symbol.asyncDispose]();
});

const register = async (meetingId: string, body: Record<string, unknown>): Promise<Reply> =>
  call('PUT', `${api.base}/meetings/${meetingId}`, {
    token: await serviceToken(),
    body: { host: 'host-1', ...body },
  });
const start = async (meetingId: string): Promise<Reply> =>
  call('POST', `${api.base}/meetings/${meetingId}/recording/start`, { token: await tokenOf('host-1') });

describe("Agora's webhooks", () => {
  const notify = (payload: unknown, secret = WEBHOOK_SECRET): Promise<Reply> => {
    const body = JSON.stringify(payload);
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    return call('POST', `${api.base}/webhooks/agora`, { body, headers: { 'Agora-Signature-V2': signature } });
  };
  const event = (eventType: number, channelName: string, ts = Math.floor(Date.now() / 1000)) => ({
    noticeId: `${channelName}-${eventType}-${ts}`,
    productId: 1,
    eventType,
    notifyMs: Date.now(),
    payload: { channelName, ts },
  });

  it('are refused with another signature', async () => {
    expectProblem(await notify(event(102, 'standup'), 'wrong'), 401, 'signature-invalid');
    expectProblem(await notify({ any: 'thing' }), 400, 'malformed-request');
  });

  it('start a meeting that starts by itself, once, and stop it at the end of its channel', async () => {
    await register('auto', { channel: 'auto-channel', autoStart: true });
    const created = event(101, 'auto-channel');
    expect((await notify(created)).status).toBe(200);
    expect((await notify(created)).status).toBe(200);
    const [object, ...others] = await world.objectsOf('auto');
    expect(others).toEqual([]);
    expect(object?.spec.requestedBy).toBe('host-1');

    const earlier = Math.floor(Date.now() / 1000) - 3600;
    expect((await notify(event(102, 'auto-channel', earlier))).status).toBe(200);
    expect((await world.objectsOf('auto'))[0]?.spec.desiredState).toBe('Recording');
    const later = Math.floor(Date.now() / 1000) + 1;
    expect((await notify(event(102, 'auto-channel', later))).status).toBe(200);
    expect((await world.objectsOf('auto'))[0]).toMatchObject({
      metadata: { annotations: { 'meetrec.dev/stop-reason': 'MeetingEnded' } },
      spec: { desiredState: 'Stopped' },
    });
  });

  it('stop a meeting that everybody has left, whatever the order of the news', async () => {
    await using hasty = await world.startApi({
      ...world.environment(databaseUri),
      MEETING_END_GRACE: '1',
      SWEEP_INTERVAL: '1',
    });
    const tell = async (kind: 103 | 104, uid: number, clientSeq: number, channel: string): Promise<void> => {
      const ts = Math.floor(Date.now() / 1000) + 1;
      const body = JSON.stringify({
        noticeId: `${channel}-${uid}-${clientSeq}`,
        productId: 1,
        eventType: kind,
        notifyMs: Date.now(),
        payload: { channelName: channel, uid, clientSeq, ts, platform: 7, clientType: 2 },
      });
      const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
      const headers = { 'Agora-Signature-V2': signature };
      expect((await call('POST', `${hasty.base}/webhooks/agora`, { body, headers })).status).toBe(200);
    };
    for (const meetingId of ['leaving', 'staying']) {
      await register(meetingId, { channel: `${meetingId}-channel` });
      await start(meetingId);
      await tell(103, 1, 1, `${meetingId}-channel`);
      await tell(103, 2, 1, `${meetingId}-channel`);
    }
    // The second of those who stay left and came back, and the news of that come the wrong way round.
    await tell(104, 1, 5, 'staying-channel');
    await tell(103, 2, 9, 'staying-channel');
    await tell(104, 2, 8, 'staying-channel');
    await tell(104, 2, 7, 'leaving-channel');
    await tell(104, 1, 5, 'leaving-channel');
    await tell(104, 1, 5, 'leaving-channel');
    await waitFor(async () => (await world.objectsOf('leaving'))[0]?.spec.desiredState === 'Stopped', {
      what: 'the recording to stop',
    });
    expect((await world.objectsOf('leaving'))[0]?.metadata.annotations).toMatchObject({
      'meetrec.dev/stop-reason': 'MeetingEnded',
    });
    expect((await world.objectsOf('staying'))[0]?.spec.desiredState).toBe('Recording');
    await tell(104, 2, 10, 'staying-channel');
    await waitFor(async () => (await world.objectsOf('staying'))[0]?.spec.desiredState === 'Stopped', {
      what: 'the other one to stop, too',
    });
  });
});
