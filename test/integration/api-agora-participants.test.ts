import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS } from '../../operator/meetings/kubernetes-recording-objects.ts';
import { waitFor } from '../support/wait-for.ts';
import { now, startMeetingsPlace } from './api-agora-meetings.ts';
import type { MeetingsPlace } from './api-agora-meetings.ts';
import { NAMESPACE } from './api-world.ts';

let place: MeetingsPlace;

beforeAll(async () => {
  place = await startMeetingsPlace();
}, 120_000);

afterAll(() => place[Symbol.asyncDispose]());

describe('who is in a channel', () => {
  const participants = async (meetingId: string): Promise<string | undefined> =>
    (await place.world.annotationsOf(meetingId))['meetrec.dev/participants'];

  it('is written to the recording that arranges them, in the order in which they came', async () => {
    await place.meetings.register('arranged', { channel: 'arranged-channel' });
    await place.meetings.tell(103, 'arranged-channel', 7, { at: now() - 60 });
    const started = await place.meetings.act('arranged', 'start', { layout: 'grid' });
    expect(started.status).toBe(202);
    expect((await place.world.objectsOf('arranged'))[0]?.spec.source.agora?.layout).toBe('grid');
    // Whoever was there before is told of the new object, too.
    await waitFor(async () => (await participants('arranged')) === '7', { what: 'the first to be known' });
    await place.meetings.tell(107, 'arranged-channel', 3, { at: now() - 30 });
    expect(await participants('arranged')).toBe('7,3');
    // Who only watches is not in the picture, until they come on stage; nor is what is no uid of a stream.
    await place.meetings.tell(105, 'arranged-channel', 9, { at: now() - 20 });
    expect(await participants('arranged')).toBe('7,3');
    await place.meetings.tell(111, 'arranged-channel', 9, { at: now() - 10 });
    expect(await participants('arranged')).toBe('7,3,9');
    // Agora's own pusher is nobody.
    await place.meetings.tell(103, 'arranged-channel', 5, { more: { platform: 6, clientType: 10 } });
    await place.meetings.tell(104, 'arranged-channel', 7);
    await place.meetings.tell(104, 'arranged-channel', 7);
    expect(await participants('arranged')).toBe('3,9');
    await place.meetings.tell(102, 'arranged-channel', undefined, { at: now() + 1 });
    // They left before the channel went, and the news of their coming is late.
    await place.meetings.tell(103, 'arranged-channel', 11, { at: now() - 5 });
    expect(await participants('arranged')).toBe('');
    expect((await place.world.objectsOf('arranged'))[0]?.spec.desiredState).toBe('Stopped');
  });

  it('is complete when the news of all come at once', async () => {
    await place.meetings.register('crowd', { channel: 'crowd-channel', layout: 'grid' });
    await place.meetings.act('crowd', 'start');
    const uids = [1, 2, 3, 4, 5, 6, 7, 8];
    const at = now();
    await Promise.all([
      place.meetings.tell(101, 'crowd-channel', undefined, { at }),
      ...uids.map((uid) => place.meetings.tell(103, 'crowd-channel', uid, { at })),
    ]);
    await waitFor(async () => (await participants('crowd')) === uids.join(), { what: 'all to be known' });
  });

  it('is not written to recordings that Agora arranges', async () => {
    await place.meetings.register('plain', { channel: 'plain-channel' });
    await place.meetings.act('plain', 'start');
    await place.meetings.tell(103, 'plain-channel', 7);
    expect(await participants('plain')).toBeUndefined();
  });

  it('is written later where it was lost on the way', async () => {
    await using hasty = await place.world.startApi({
      ...place.world.environment(place.databaseUri),
      SWEEP_INTERVAL: '1',
    });
    await place.meetings.register('healed', { channel: 'healed-channel', layout: 'speaker' });
    await place.meetings.tell(103, 'healed-channel', 7, { api: hasty });
    await place.meetings.act('healed', 'start');
    await waitFor(async () => (await participants('healed')) === '7', { what: 'the annotation' });
    const [object] = await place.world.objectsOf('healed');
    const annotations = { 'meetrec.dev/participants': '99' };
    const ref = { namespace: NAMESPACE, name: object?.metadata.name ?? '' };
    await place.world.client.patch(MEETING_RECORDINGS, ref, {
      type: 'merge',
      body: { metadata: { annotations } },
    });
    await waitFor(async () => (await participants('healed')) === '7', {
      what: 'the annotation to be right again',
    });
  });
});
