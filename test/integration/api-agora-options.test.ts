import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMeetingsPlace } from './api-agora-meetings.ts';
import type { MeetingsPlace } from './api-agora-meetings.ts';
import { expectProblem } from './api-problem.ts';
import { call, tokenOf } from './api-world.ts';
import type { Reply } from './api-world.ts';

let place: MeetingsPlace;

beforeAll(async () => {
  place = await startMeetingsPlace();
}, 120_000);

afterAll(() => place[Symbol.asyncDispose]());

describe('what is recorded of a channel', () => {
  it.each([
    [{ layout: 'speaker', speakerUid: 7 }, {}],
    [{ streamUid: 4_294_967_295 }, { mode: 'raw' }],
    [{ audioOnly: true }, {}],
  ])('is what was asked for: %j', async (body, more) => {
    const meetingId = `options-${Object.keys(body).join('-').toLowerCase()}`;
    await place.meetings.register(meetingId, { channel: meetingId });
    const reply = await place.meetings.act(meetingId, 'start', body);
    expect(reply.status).toBe(202);
    expect((await place.world.objectsOf(meetingId))[0]?.spec.source.agora).toMatchObject({
      ...body,
      ...more,
    });
  });

  it.each([
    [{ layout: 'pyramid' }, '/layout'],
    [{ streamUid: 4_294_967_296 }, '/streamUid'],
    [{ streamUid: 'host' }, '/streamUid'],
    [{ audioOnly: true, layout: 'grid' }, '/layout'],
    [{ audioOnly: true, streamUid: 7 }, '/layout'],
  ])('is refused with %j, by the field at fault', async (body, field) => {
    await place.meetings.register('refused', { channel: 'refused-channel' });
    const reply = await place.meetings.act('refused', 'start', body);
    expectProblem(reply, 422, 'invalid-request');
    expect(reply.body['errors']).toMatchObject([{ field }]);
  });

  it('is nothing where the meeting has none', async () => {
    await place.meetings.register('published', { source: { kind: 'rtmp' } });
    const reply = await place.meetings.act('published', 'start', { audioOnly: true });
    expectProblem(reply, 422, 'recording-refused');
  });
});

describe('an RTC token', () => {
  const appId = '0123456789abcdef0123456789abcdef';
  const ask = async (meetingId: string, user: string, body: object, base = place.api.base): Promise<Reply> =>
    call('POST', `${base}/meetings/${meetingId}/rtc-token`, { token: await tokenOf(user), body });

  it('is given to those who take part, for their channel', async () => {
    await using signing = await place.world.startApi({
      ...place.world.environment(place.databaseUri),
      AGORA_APP_ID: appId,
      AGORA_APP_CERTIFICATE: 'fedcba9876543210fedcba9876543210',
    });
    await place.meetings.register('joined', { channel: 'joined-channel', participants: ['grace'] });
    const reply = await ask('joined', 'grace', { uid: 12, expiresIn: 600 }, signing.base);
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({ appId, channel: 'joined-channel', uid: 12, role: 'publisher' });
    expect(reply.body['token']).toMatch(/^007.{50}/);
    const lastsMs = Date.parse(String(reply.body['expiresAt'])) - Date.now();
    expect(Math.round(lastsMs / 60_000)).toBe(10);
    expect(reply.headers.get('cache-control')).toBe('no-store');

    expectProblem(await ask('joined', 'eve', { uid: 12 }, signing.base), 403, 'not-participant');
    expectProblem(await ask('joined', 'grace', {}, signing.base), 422, 'invalid-request');
    expectProblem(
      await ask('joined', 'grace', { uid: 1, expiresIn: 86_401 }, signing.base),
      422,
      'invalid-request',
    );
    await place.meetings.register('published-too', { source: { kind: 'rtmp' } });
    expectProblem(await ask('published-too', 'host-1', { uid: 1 }, signing.base), 409, 'not-agora');
  });

  it('is given to nobody where there is no certificate', async () => {
    await place.meetings.register('unsigned', { channel: 'unsigned-channel' });
    expectProblem(await ask('unsigned', 'host-1', { uid: 1 }), 501, 'rtc-tokens-off');
  });
});
