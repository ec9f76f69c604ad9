import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { now, startMeetingsPlace } from './api-agora-meetings.ts';
import type { MeetingsPlace } from './api-agora-meetings.ts';
import { call, tokenOf } from './api-world.ts';

let place: MeetingsPlace;

beforeAll(async () => {
  place = await startMeetingsPlace();
}, 120_000);

afterAll(() => place[Symbol.asyncDispose]());

describe('a meeting that starts by itself', () => {
  it('starts when somebody is there, also where the news of the channel itself were lost', async () => {
    await place.meetings.register('first-join', { channel: 'first-join-channel', autoStart: true });
    await place.meetings.tell(103, 'first-join-channel', 1);
    await place.meetings.tell(101, 'first-join-channel');
    await place.meetings.tell(103, 'first-join-channel', 2);
    expect(await place.world.objectsOf('first-join')).toHaveLength(1);
  });

  it('does not start again when it was stopped while somebody is there, and does with the next meeting', async () => {
    await place.meetings.register('again', { channel: 'again-channel', autoStart: true });
    await place.meetings.tell(103, 'again-channel', 1, { at: now() - 60 });
    const [first] = await place.world.objectsOf('again');
    await place.meetings.act('again', 'stop');
    await place.world.setStatus(first?.metadata.name ?? '', { phase: 'Failed', reason: 'NothingReceived' });
    await waitFor(async () => (await statusOf('again')) === 'failed', { what: 'the end of the first' });
    await place.meetings.tell(103, 'again-channel', 2, { at: now() - 50 });
    expect(await place.world.objectsOf('again')).toHaveLength(1);

    await place.meetings.tell(102, 'again-channel', undefined, { at: now() - 40 });
    await place.meetings.tell(101, 'again-channel', undefined, { at: now() - 30 });
    expect(await place.world.objectsOf('again')).toHaveLength(2);
  });

  it('does not start when the meeting is known to be over', async () => {
    await place.meetings.register('over', { channel: 'over-channel', autoStart: true });
    await place.meetings.tell(102, 'over-channel', undefined, { at: now() });
    await place.meetings.tell(101, 'over-channel', undefined, { at: now() - 2 });
    await place.meetings.tell(103, 'over-channel', 1, { at: now() - 1 });
    expect(await place.world.objectsOf('over')).toEqual([]);
  });

  it('starts later where the cluster did not answer when it was told', async () => {
    await place.meetings.register('delayed', { channel: 'delayed-channel', autoStart: true });
    await using full = await place.world.startApi({
      ...place.world.environment(place.databaseUri),
      MAX_QUEUED_RECORDINGS: '0',
    });
    expect((await place.meetings.tell(101, 'delayed-channel', undefined, { api: full })).status).toBe(429);
    expect(await place.world.objectsOf('delayed')).toEqual([]);
    await using _hasty = await place.world.startApi({
      ...place.world.environment(place.databaseUri),
      SWEEP_INTERVAL: '1',
    });
    await waitFor(async () => (await place.world.objectsOf('delayed')).length === 1, { what: 'the start' });
  });

  const statusOf = async (meetingId: string): Promise<unknown> => {
    const token = await tokenOf('host-1');
    return (await call('GET', `${place.api.base}/meetings/${meetingId}/recording/status`, { token })).body
      .recording?.['status'];
  };
});
