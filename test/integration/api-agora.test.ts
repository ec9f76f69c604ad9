import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS } from '../../operator/meetings/kubernetes-recording-objects.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import { waitFor } from '../support/wait-for.ts';
import { expectProblem } from './api-problem.ts';
import { ApiWorld, call, NAMESPACE, serviceToken, tokenOf, WEBHOOK_SECRET } from './api-world.ts';
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

interface Told {
  readonly at?: number;
  readonly notifyMs?: number;
  readonly seq?: number;
  readonly api?: RunningApi;
  /** Of the product Media Push, in place of the RTC product's. */
  readonly payload?: object;
  readonly more?: object;
}

const now = (): number => Math.floor(Date.now() / 1000);
let notices = 0;

/** Sends a notification as Agora does: of the RTC product, unless the payload is of another. */
async function tell(eventType: number, channelName: string, uid?: number, told: Told = {}): Promise<Reply> {
  const { at = now(), notifyMs = Date.now(), seq = Date.now(), payload } = told;
  const rtc = {
    channelName,
    ts: at,
    ...(uid !== undefined && { uid, clientSeq: seq, platform: 7, clientType: 2 }),
    ...told.more,
  };
  const productId = payload === undefined ? 1 : 5;
  notices += 1;
  const notice = { noticeId: `notice-${notices}`, productId, eventType, notifyMs, payload: payload ?? rtc };
  const body = JSON.stringify(notice);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  const { base } = told.api ?? api;
  return await call('POST', `${base}/webhooks/agora`, { body, headers: { 'Agora-Signature-V2': signature } });
}

const annotationsOf = async (meetingId: string): Promise<Record<string, string>> =>
  (await world.objectsOf(meetingId))[0]?.metadata.annotations ?? {};

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

describe('who is in a channel', () => {
  const participants = async (meetingId: string): Promise<string | undefined> =>
    (await annotationsOf(meetingId))['meetrec.dev/participants'];

  it('is written to the recording that arranges them, in the order in which they came', async () => {
    await register('arranged', { channel: 'arranged-channel' });
    await tell(103, 'arranged-channel', 7, { at: now() - 60 });
    const token = await tokenOf('host-1');
    const started = await call('POST', `${api.base}/meetings/arranged/recording/start`, {
      token,
      body: { layout: 'grid' },
    });
    expect(started.status).toBe(202);
    expect((await world.objectsOf('arranged'))[0]?.spec.source.agora?.layout).toBe('grid');
    // Whoever was there before is told of the new object, too.
    await waitFor(async () => (await participants('arranged')) === '7', { what: 'the first to be known' });
    await tell(107, 'arranged-channel', 3, { at: now() - 30 });
    expect(await participants('arranged')).toBe('7,3');
    // Who only watches is not in the picture, until they come on stage; nor is what is no uid of a stream.
    await tell(105, 'arranged-channel', 9, { at: now() - 20 });
    expect(await participants('arranged')).toBe('7,3');
    await tell(111, 'arranged-channel', 9, { at: now() - 10 });
    expect(await participants('arranged')).toBe('7,3,9');
    // Agora's own pusher is nobody.
    await tell(103, 'arranged-channel', 5, { more: { platform: 6, clientType: 10 } });
    await tell(104, 'arranged-channel', 7);
    await tell(104, 'arranged-channel', 7);
    expect(await participants('arranged')).toBe('3,9');
    await tell(102, 'arranged-channel', undefined, { at: now() + 1 });
    // They left before the channel went, and the news of their coming is late.
    await tell(103, 'arranged-channel', 11, { at: now() - 5 });
    expect(await participants('arranged')).toBe('');
    expect((await world.objectsOf('arranged'))[0]?.spec.desiredState).toBe('Stopped');
  });

  it('is complete when the news of all come at once', async () => {
    await register('crowd', { channel: 'crowd-channel', layout: 'grid' });
    await start('crowd');
    const uids = [1, 2, 3, 4, 5, 6, 7, 8];
    const at = now();
    await Promise.all([
      tell(101, 'crowd-channel', undefined, { at }),
      ...uids.map((uid) => tell(103, 'crowd-channel', uid, { at })),
    ]);
    await waitFor(async () => (await participants('crowd')) === uids.join(), { what: 'all to be known' });
  });

  it('is not written to recordings that Agora arranges', async () => {
    await register('plain', { channel: 'plain-channel' });
    await start('plain');
    await tell(103, 'plain-channel', 7);
    expect(await participants('plain')).toBeUndefined();
  });

  it('is written later where it was lost on the way', async () => {
    await using hasty = await world.startApi({ ...world.environment(databaseUri), SWEEP_INTERVAL: '1' });
    await register('healed', { channel: 'healed-channel', layout: 'speaker' });
    await tell(103, 'healed-channel', 7, { api: hasty });
    await start('healed');
    await waitFor(async () => (await participants('healed')) === '7', { what: 'the annotation' });
    const [object] = await world.objectsOf('healed');
    const annotations = { 'meetrec.dev/participants': '99' };
    const ref = { namespace: NAMESPACE, name: object?.metadata.name ?? '' };
    await world.client.patch(MEETING_RECORDINGS, ref, { type: 'merge', body: { metadata: { annotations } } });
    await waitFor(async () => (await participants('healed')) === '7', {
      what: 'the annotation to be right again',
    });
  });
});

describe('a meeting that starts by itself', () => {
  it('starts when somebody is there, also where the news of the channel itself were lost', async () => {
    await register('first-join', { channel: 'first-join-channel', autoStart: true });
    await tell(103, 'first-join-channel', 1);
    await tell(101, 'first-join-channel');
    await tell(103, 'first-join-channel', 2);
    expect(await world.objectsOf('first-join')).toHaveLength(1);
  });

  it('does not start again when it was stopped while somebody is there, and does with the next meeting', async () => {
    await register('again', { channel: 'again-channel', autoStart: true });
    await tell(103, 'again-channel', 1, { at: now() - 60 });
    const [first] = await world.objectsOf('again');
    await call('POST', `${api.base}/meetings/again/recording/stop`, { token: await tokenOf('host-1') });
    await world.setStatus(first?.metadata.name ?? '', { phase: 'Failed', reason: 'NothingReceived' });
    await waitFor(async () => (await statusOf('again')) === 'failed', { what: 'the end of the first' });
    await tell(103, 'again-channel', 2, { at: now() - 50 });
    expect(await world.objectsOf('again')).toHaveLength(1);

    await tell(102, 'again-channel', undefined, { at: now() - 40 });
    await tell(101, 'again-channel', undefined, { at: now() - 30 });
    expect(await world.objectsOf('again')).toHaveLength(2);
  });

  it('does not start when the meeting is known to be over', async () => {
    await register('over', { channel: 'over-channel', autoStart: true });
    await tell(102, 'over-channel', undefined, { at: now() });
    await tell(101, 'over-channel', undefined, { at: now() - 2 });
    await tell(103, 'over-channel', 1, { at: now() - 1 });
    expect(await world.objectsOf('over')).toEqual([]);
  });

  it('starts later where the cluster did not answer when it was told', async () => {
    await register('delayed', { channel: 'delayed-channel', autoStart: true });
    await using full = await world.startApi({
      ...world.environment(databaseUri),
      MAX_QUEUED_RECORDINGS: '0',
    });
    expect((await tell(101, 'delayed-channel', undefined, { api: full })).status).toBe(429);
    expect(await world.objectsOf('delayed')).toEqual([]);
    await using _hasty = await world.startApi({ ...world.environment(databaseUri), SWEEP_INTERVAL: '1' });
    await waitFor(async () => (await world.objectsOf('delayed')).length === 1, { what: 'the start' });
  });

  const statusOf = async (meetingId: string): Promise<unknown> => {
    const token = await tokenOf('host-1');
    return (await call('GET', `${api.base}/meetings/${meetingId}/recording/status`, { token })).body
      .recording?.['status'];
  };
});

describe('a notification from long ago', () => {
  it('is taken in, and nothing is done about it', async () => {
    await register('replayed', { channel: 'replayed-channel', autoStart: true });
    const notifyMs = Date.now() - 11 * 60 * 1000;
    expect((await tell(101, 'replayed-channel', undefined, { notifyMs })).status).toBe(200);
    expect(await world.objectsOf('replayed')).toEqual([]);
    await start('replayed');
    expect((await tell(102, 'replayed-channel', undefined, { notifyMs, at: now() + 5 })).status).toBe(200);
    expect((await world.objectsOf('replayed'))[0]?.spec.desiredState).toBe('Recording');
  });
});

describe("news of Agora's converters", () => {
  const news = async (meetingId: string): Promise<string | undefined> =>
    (await annotationsOf(meetingId))['meetrec.dev/push-news'];

  it('reach the controller at once', async () => {
    await register('pushed', { channel: 'pushed-channel' });
    await start('pushed');
    const [object] = await world.objectsOf('pushed');
    const { name = '', uid } = object?.metadata ?? {};
    const converter = { id: 'C1', name: `meetrec-${uid}`, createTs: 1, updateTs: 2 };
    const destroyed = { converter, lts: Date.now(), destroyReason: 'Internal Error' };
    await waitFor(
      async () => {
        expect((await tell(4, '', undefined, { payload: destroyed })).status).toBe(200);
        return (await news('pushed')) === 'destroyed C1 Internal Error';
      },
      { what: 'the object to be seen by the API' },
    );
    await world.setStatus(name, { phase: 'Recording', agora: { converterId: 'C2', state: 'running' } });
    await waitFor(
      async () => {
        const failed = {
          converter: { id: 'C2', createTs: 1, updateTs: 2, state: 'failed' },
          lts: Date.now(),
        };
        await tell(3, '', undefined, { payload: failed });
        return (await news('pushed')) === 'failed C2';
      },
      { what: 'the news of the second' },
    );
  });

  it('of other converters, and of those that do well, change nothing', async () => {
    await register('well', { channel: 'well-channel' });
    await start('well');
    await tell(3, '', undefined, { payload: { converter: { id: 'C9', state: 'running' }, lts: Date.now() } });
    await tell(4, '', undefined, {
      payload: { converter: { id: 'C9' }, lts: Date.now(), destroyReason: 'x' },
    });
    expect(await news('well')).toBeUndefined();
  });
});

describe('a recording that was made with kubectl', () => {
  it('stops with its channel like any other', async () => {
    const name = 'rec-by-hand';
    await world.client.create(MEETING_RECORDINGS, {
      apiVersion: 'meetrec.dev/v1alpha1',
      kind: 'MeetingRecording',
      metadata: { name, namespace: NAMESPACE },
      spec: { meetingId: 'nobody-knows', source: { agora: { channel: 'by-hand', region: 'eu' } } },
    } as unknown as KubeObject);
    await waitFor(
      async () => {
        await tell(102, 'by-hand', undefined, { at: now() + 2 });
        return (await world.object(name)).spec.desiredState === 'Stopped';
      },
      { what: 'the recording to stop' },
    );
    expect((await world.object(name)).metadata.annotations).toMatchObject({
      'meetrec.dev/stop-reason': 'MeetingEnded',
    });
  });
});
