import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS } from '../../operator/meetings/kubernetes-recording-objects.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import { waitFor } from '../support/wait-for.ts';
import { notify, now, startMeetingsPlace } from './api-agora-meetings.ts';
import type { MeetingsPlace } from './api-agora-meetings.ts';
import { expectProblem } from './api-problem.ts';
import { NAMESPACE } from './api-world.ts';

let place: MeetingsPlace;

beforeAll(async () => {
  place = await startMeetingsPlace();
}, 120_000);

afterAll(() => place[Symbol.asyncDispose]());

describe("Agora's webhooks", () => {
  const event = (eventType: number, channelName: string, ts = now()) => ({
    noticeId: `${channelName}-${eventType}-${ts}`,
    productId: 1,
    eventType,
    notifyMs: Date.now(),
    payload: { channelName, ts },
  });

  it('are refused with another signature', async () => {
    expectProblem(await notify(place.api, event(102, 'standup'), 'wrong'), 401, 'signature-invalid');
    expectProblem(await notify(place.api, { any: 'thing' }), 400, 'malformed-request');
  });

  it('start a meeting that starts by itself, once, and stop it at the end of its channel', async () => {
    await place.meetings.register('auto', { channel: 'auto-channel', autoStart: true });
    const created = event(101, 'auto-channel');
    expect((await notify(place.api, created)).status).toBe(200);
    expect((await notify(place.api, created)).status).toBe(200);
    const [object, ...others] = await place.world.objectsOf('auto');
    expect(others).toEqual([]);
    expect(object?.spec.requestedBy).toBe('host-1');

    const earlier = now() - 3600;
    expect((await notify(place.api, event(102, 'auto-channel', earlier))).status).toBe(200);
    expect((await place.world.objectsOf('auto'))[0]?.spec.desiredState).toBe('Recording');
    const later = now() + 1;
    expect((await notify(place.api, event(102, 'auto-channel', later))).status).toBe(200);
    expect((await place.world.objectsOf('auto'))[0]).toMatchObject({
      metadata: { annotations: { 'meetrec.dev/stop-reason': 'MeetingEnded' } },
      spec: { desiredState: 'Stopped' },
    });
  });

  it('stop a meeting that everybody has left, whatever the order of the news', async () => {
    await using hasty = await place.world.startApi({
      ...place.world.environment(place.databaseUri),
      MEETING_END_GRACE: '1',
      SWEEP_INTERVAL: '1',
    });
    const tell = async (kind: 103 | 104, uid: number, seq: number, channel: string): Promise<void> => {
      const told = await place.meetings.tell(kind, channel, uid, { at: now() + 1, seq, api: hasty });
      expect(told.status).toBe(200);
    };
    for (const meetingId of ['leaving', 'staying']) {
      await place.meetings.register(meetingId, { channel: `${meetingId}-channel` });
      await place.meetings.act(meetingId, 'start');
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
    await waitFor(async () => (await place.world.objectsOf('leaving'))[0]?.spec.desiredState === 'Stopped', {
      what: 'the recording to stop',
    });
    expect((await place.world.objectsOf('leaving'))[0]?.metadata.annotations).toMatchObject({
      'meetrec.dev/stop-reason': 'MeetingEnded',
    });
    expect((await place.world.objectsOf('staying'))[0]?.spec.desiredState).toBe('Recording');
    await tell(104, 2, 10, 'staying-channel');
    await waitFor(async () => (await place.world.objectsOf('staying'))[0]?.spec.desiredState === 'Stopped', {
      what: 'the other one to stop, too',
    });
  });
});

describe('a notification from long ago', () => {
  it('is taken in, and nothing is done about it', async () => {
    await place.meetings.register('replayed', { channel: 'replayed-channel', autoStart: true });
    const notifyMs = Date.now() - 11 * 60 * 1000;
    expect((await place.meetings.tell(101, 'replayed-channel', undefined, { notifyMs })).status).toBe(200);
    expect(await place.world.objectsOf('replayed')).toEqual([]);
    await place.meetings.act('replayed', 'start');
    expect(
      (await place.meetings.tell(102, 'replayed-channel', undefined, { notifyMs, at: now() + 5 })).status,
    ).toBe(200);
    expect((await place.world.objectsOf('replayed'))[0]?.spec.desiredState).toBe('Recording');
  });
});

describe("news of Agora's converters", () => {
  const news = async (meetingId: string): Promise<string | undefined> =>
    (await place.world.annotationsOf(meetingId))['meetrec.dev/push-news'];

  it('reach the controller at once', async () => {
    await place.meetings.register('pushed', { channel: 'pushed-channel' });
    await place.meetings.act('pushed', 'start');
    const [object] = await place.world.objectsOf('pushed');
    const { name = '', uid } = object?.metadata ?? {};
    const converter = { id: 'C1', name: `meetrec-${uid}`, createTs: 1, updateTs: 2 };
    const destroyed = { converter, lts: Date.now(), destroyReason: 'Internal Error' };
    await waitFor(
      async () => {
        expect((await place.meetings.tell(4, '', undefined, { payload: destroyed })).status).toBe(200);
        return (await news('pushed')) === 'destroyed C1 Internal Error';
      },
      { what: 'the object to be seen by the API' },
    );
    await place.world.setStatus(name, { phase: 'Recording', agora: { converterId: 'C2', state: 'running' } });
    await waitFor(
      async () => {
        const failed = {
          converter: { id: 'C2', createTs: 1, updateTs: 2, state: 'failed' },
          lts: Date.now(),
        };
        await place.meetings.tell(3, '', undefined, { payload: failed });
        return (await news('pushed')) === 'failed C2';
      },
      { what: 'the news of the second' },
    );
  });

  it('of other converters, and of those that do well, change nothing', async () => {
    await place.meetings.register('well', { channel: 'well-channel' });
    await place.meetings.act('well', 'start');
    await place.meetings.tell(3, '', undefined, {
      payload: { converter: { id: 'C9', state: 'running' }, lts: Date.now() },
    });
    await place.meetings.tell(4, '', undefined, {
      payload: { converter: { id: 'C9' }, lts: Date.now(), destroyReason: 'x' },
    });
    expect(await news('well')).toBeUndefined();
  });
});

describe('a recording that was made with kubectl', () => {
  it('stops with its channel like any other', async () => {
    const name = 'rec-by-hand';
    await place.world.client.create(MEETING_RECORDINGS, {
      apiVersion: 'meetrec.dev/v1alpha1',
      kind: 'MeetingRecording',
      metadata: { name, namespace: NAMESPACE },
      spec: { meetingId: 'nobody-knows', source: { agora: { channel: 'by-hand', region: 'eu' } } },
    } as unknown as KubeObject);
    await waitFor(
      async () => {
        await place.meetings.tell(102, 'by-hand', undefined, { at: now() + 2 });
        return (await place.world.object(name)).spec.desiredState === 'Stopped';
      },
      { what: 'the recording to stop' },
    );
    expect((await place.world.object(name)).metadata.annotations).toMatchObject({
      'meetrec.dev/stop-reason': 'MeetingEnded',
    });
  });
});
