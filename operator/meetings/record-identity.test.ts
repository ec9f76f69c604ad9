import { describe, expect, it } from 'vitest';
import { isRecordOf, objectNameOf, recordIdFor, successorId } from './record-identity.ts';

const FIRST = { name: 'standup-1', uid: '01234567-89ab-4cde-8f01-23456789abcd', meetingId: 'm-1' };
const SECOND = { name: 'standup-1', uid: 'fedcba98-7654-4cde-8f01-23456789abcd', meetingId: 'm-2' };
const SECOND_ID = 'standup-1~fedcba987654';
const recordOf = (_id: string, uid: string | null, meetingId = 'm-1', spec: object | null = null) => ({
  _id,
  uid,
  meetingId,
  spec: spec as never,
});

describe('the recording of an object', () => {
  it('is called as the first object of a name, and those after it have their UID in their ids', () => {
    expect(recordIdFor(FIRST, [])).toBe('standup-1');
    const first = recordOf('standup-1', FIRST.uid);
    expect(recordIdFor(FIRST, [first])).toBe('standup-1');
    expect(recordIdFor(SECOND, [first])).toBe(SECOND_ID);
    expect(successorId(SECOND)).toBe(SECOND_ID);
    for (const id of ['standup-1', SECOND_ID]) expect(objectNameOf(id)).toBe('standup-1');
  });

  it('is found again whichever id it has, in whatever order they were seen', () => {
    const known = [recordOf('standup-1', SECOND.uid), recordOf(successorId(FIRST), FIRST.uid)];
    expect(recordIdFor(FIRST, known)).toBe(successorId(FIRST));
    expect(recordIdFor(SECOND, known)).toBe('standup-1');
  });

  it('is the one that was asked for here and has no object yet, but only for its own meeting', () => {
    const asked = recordOf('standup-1', null, 'm-1', {});
    expect(isRecordOf(asked, FIRST)).toBe(true);
    expect(isRecordOf(asked, SECOND)).toBe(false);
    expect(recordIdFor(SECOND, [asked])).toBe(SECOND_ID);
    expect(isRecordOf(recordOf('standup-1', null), FIRST)).toBe(false);
    expect(isRecordOf(recordOf('standup-10', FIRST.uid), FIRST)).toBe(false);
  });
});
