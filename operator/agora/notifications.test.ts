import { describe, expect, it } from 'vitest';
import { parseNotification } from './notifications.ts';

function notification(productId: number, eventType: number, payload: object) {
  return parseNotification({ noticeId: 'n1', productId, eventType, notifyMs: 1_700_000_000_123, payload })
    .event;
}

const joined = {
  channelName: 'standup',
  uid: 12,
  platform: 7,
  clientSeq: 42,
  reason: 0,
  ts: 1_700_000_000,
  duration: 0,
};
const at = new Date(1_700_000_000_000);

describe('a notification of the RTC product', () => {
  it('tells that a channel began and ended', () => {
    expect(notification(1, 101, { channelName: 'standup', ts: 1_700_000_000 })).toEqual({
      kind: 'channelCreated',
      channel: 'standup',
      at,
    });
    expect(notification(1, 102, { channelName: 'standup', ts: 1_700_000_000, lastUid: 3 })).toEqual({
      kind: 'channelDestroyed',
      channel: 'standup',
      at,
    });
  });

  it.each([
    [103, 'participantJoined', 'broadcaster'],
    [104, 'participantLeft', 'broadcaster'],
    [105, 'participantJoined', 'audience'],
    [106, 'participantLeft', 'audience'],
    [107, 'participantJoined', 'communication'],
    [108, 'participantLeft', 'communication'],
    [111, 'participantJoined', 'broadcaster'],
    [112, 'participantJoined', 'audience'],
  ])('%i is %s as %s', (eventType, kind, role) => {
    expect(notification(1, eventType, joined)).toEqual({
      kind,
      channel: 'standup',
      uid: '12',
      role,
      at,
      order: 42,
    });
  });

  it('does not take Agora’s own pusher for a participant', () => {
    expect(notification(1, 103, { ...joined, platform: 6, clientType: 10 })).toEqual({ kind: 'other' });
    expect(notification(1, 103, { ...joined, platform: 6, clientType: 1 })).toMatchObject({
      kind: 'participantJoined',
    });
  });
});

describe('a notification of Media Push', () => {
  it('tells a converter’s state', () => {
    const payload = {
      converter: { id: 'c1', createTs: 1, updateTs: 2, state: 'running' },
      lts: 1_700_000_000_000,
    };
    expect(notification(5, 3, payload)).toEqual({
      kind: 'converterState',
      converterId: 'c1',
      state: 'running',
      at,
    });
  });

  it('tells that and why a converter is gone', () => {
    const converter = { id: 'c1', name: 'r1', transcodeOptions: { rtcChannel: 'standup' } };
    const payload = { converter, lts: 1_700_000_000_000, destroyReason: 'Idle Timeout' };
    expect(notification(5, 4, payload)).toEqual({
      kind: 'converterDestroyed',
      converterId: 'c1',
      name: 'r1',
      channel: 'standup',
      destroyReason: 'Idle Timeout',
      at,
    });
  });
});

describe('any notification', () => {
  it('has the same key each time it is delivered', () => {
    const once = parseNotification({ noticeId: 'n1', productId: 9, eventType: 1, notifyMs: 5, payload: {} });
    expect(once).toMatchObject({ deduplicationKey: 'n1/5', event: { kind: 'other' } });
  });

  it('is refused when it is not one', () => {
    expect(() => parseNotification({ hello: 'world' })).toThrow(/noticeId/);
    expect(() =>
      parseNotification({ noticeId: 'n1', productId: 1, eventType: 101, notifyMs: 5, payload: {} }),
    ).toThrow(/channelName/);
  });
});
