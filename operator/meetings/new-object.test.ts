import { describe, expect, it } from 'vitest';
import { meetingLabel } from './new-object.ts';

describe("a meeting's label", () => {
  it('is its id where Kubernetes takes that', () => {
    expect(meetingLabel('64f1c0ffee')).toBe('64f1c0ffee');
    expect(meetingLabel('a'.repeat(63))).toBe('a'.repeat(63));
  });

  it('is a digest of it where Kubernetes would not', () => {
    for (const id of ['a'.repeat(64), '-a', 'a b', 'a,b=c', 'ä']) {
      expect(meetingLabel(id)).toMatch(/^sha256-[0-9a-f]{32}$/);
    }
    expect(meetingLabel('a b')).not.toBe(meetingLabel('a c'));
  });
});
