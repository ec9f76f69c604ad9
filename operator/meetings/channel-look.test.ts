import { describe, expect, it } from 'vitest';
import { afterEmptyLook, afterLook, thoseWhoCount } from './channel-look.ts';
import { fieldOf, peopleIn } from './channel-presence.ts';
import type { ChannelDocument, ChannelRevision, Presence } from './channel-presence.ts';

const time = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 10, 0, seconds));

function presence(uid: string, more: Partial<Presence> = {}): Presence {
  return { uid, order: 10, at: time(0), isIn: true, sends: true, ...more };
}

function channel(people: readonly Presence[], more: Partial<ChannelDocument> = {}): ChannelDocument {
  const participants = Object.fromEntries(people.map((it) => [fieldOf(it.uid), it]));
  return { _id: 'c', participants, lastEventAt: time(0), seenAt: time(0), revision: 1, ...more };
}

/** As the database does. */
function apply(known: ChannelDocument | undefined, revision: ChannelRevision | undefined): ChannelDocument {
  const before = known ?? channel([]);
  const participants = { ...before.participants, ...revision?.participants };
  return { ...before, ...revision?.fields, participants };
}

const uidsIn = (known: ChannelDocument): string[] => peopleIn(known).map(({ uid }) => uid);
const sends = (...uids: string[]) => uids.map((uid) => ({ uid, sends: true }));

describe('a look at a channel', () => {
  it('tells of a channel that nothing was known of', () => {
    const revision = afterLook(undefined, sends('7', '3'), time(20));
    expect(revision?.isNews).toBe(true);
    expect(uidsIn(apply(undefined, revision))).toEqual(['3', '7']);
  });

  it('is no news when it shows what is known, and still is older or younger than events', () => {
    const known = channel([presence('7')]);
    const revision = afterLook(known, sends('7'), time(20));
    expect(revision).toMatchObject({ isNews: false, participants: {}, fields: { polledAt: time(20) } });
  });

  it('shows who came, who left, and who went on stage', () => {
    const known = channel([presence('7'), presence('8'), presence('9', { sends: false, at: time(1) })]);
    const seen = apply(known, afterLook(known, sends('7', '9', '11'), time(20)));
    expect(uidsIn(seen)).toEqual(['7', '9', '11']);
    expect(peopleIn(seen).find(({ uid }) => uid === '9')).toMatchObject({ sends: true, at: time(1) });
  });

  it('leaves the order of the events alone', () => {
    const known = channel([presence('7'), presence('8', { isIn: false })]);
    const seen = apply(known, afterLook(known, sends('8', '9'), time(20)));
    expect(Object.values(seen.participants).map(({ order }) => order)).toEqual([10, 10, -1]);
  });

  it('does not undo what was told of later', () => {
    const late = [presence('7', { at: time(21) }), presence('8', { at: time(21), isIn: false })];
    const known = channel(late);
    expect(uidsIn(apply(known, afterLook(known, sends('8'), time(20))))).toEqual(['7']);
    const ended = channel([presence('7')], { endedAt: time(21) });
    expect(afterLook(ended, sends('7'), time(20))).toBeUndefined();
  });

  it('shows those again who have come back after the end', () => {
    const ended = channel([presence('7')], { endedAt: time(10) });
    expect(uidsIn(ended)).toEqual([]);
    expect(uidsIn(apply(ended, afterLook(ended, sends('7'), time(20))))).toEqual(['7']);
  });

  it('counts those who only watch if an event has told of them: a push of Agora’s has none', () => {
    const known = channel([presence('7', { isIn: false }), presence('8', { order: -1 })]);
    const listed = [...sends('9'), ...['7', '8', '11'].map((uid) => ({ uid, sends: false }))];
    expect(thoseWhoCount(known, listed).map(({ uid }) => uid)).toEqual(['9', '7']);
    expect(thoseWhoCount(undefined, listed).map(({ uid }) => uid)).toEqual(['9']);
    expect(uidsIn(apply(known, afterLook(known, thoseWhoCount(known, listed), time(20))))).toEqual([
      '7',
      '9',
    ]);
  });
});

describe('a look that shows nobody', () => {
  it('ends the channel when it is the second in a row, as of the first', () => {
    const known = channel([presence('7')]);
    const first = afterEmptyLook(known, time(30));
    expect(first?.isNews).toBe(false);
    const once = apply(known, first);
    expect(uidsIn(once)).toEqual(['7']);
    const twice = apply(once, afterEmptyLook(once, time(60)));
    expect(uidsIn(twice)).toEqual([]);
    expect(twice).toMatchObject({ endedAt: time(30), lastEventAt: time(30), seenAt: time(30) });
    expect(afterEmptyLook(twice, time(90))).toBeUndefined();
  });

  it('counts from the beginning when somebody was seen in between', () => {
    const known = channel([presence('7')]);
    const once = apply(known, afterEmptyLook(known, time(30)));
    const seen = apply(once, afterLook(once, sends('7'), time(55)));
    const again = apply(seen, afterEmptyLook(seen, time(90)));
    expect(uidsIn(again)).toEqual(['7']);
  });

  it('is not the second when it comes right after the first', () => {
    const known = channel([presence('7')]);
    const once = apply(known, afterEmptyLook(known, time(30)));
    expect(afterEmptyLook(once, new Date(time(30).getTime() + 100))).toBeUndefined();
  });

  it('says nothing of a channel in which nobody was, or which is known to be empty', () => {
    expect(afterEmptyLook(undefined, time(30))).toBeUndefined();
    expect(afterEmptyLook(channel([]), time(30))).toBeUndefined();
    const left = channel([presence('7', { isIn: false })], { session: { at: time(0), isHandled: true } });
    expect(afterEmptyLook(left, time(30))).toBeUndefined();
  });

  it('ends a channel of which only the beginning was told', () => {
    const opened = channel([], { session: { at: time(0), isHandled: true } });
    const once = apply(opened, afterEmptyLook(opened, time(30)));
    expect(apply(once, afterEmptyLook(once, time(60))).endedAt).toEqual(time(30));
  });

  it('does not outweigh an event from just before', () => {
    const known = channel([presence('7', { at: time(28) })], { lastEventAt: time(28) });
    expect(afterEmptyLook(known, time(30))).toBeUndefined();
  });
});
