import { describe, expect, it } from 'vitest';
import { labelValue } from './label-value.ts';

describe("a meeting's label", () => {
  it('is its id where Kubernetes takes that', () => {
    expect(labelValue('64f1c0ffee')).toBe('64f1c0ffee');
    expect(labelValue('a'.repeat(63))).toBe('a'.repeat(63));
  });

  it('is a digest of it where Kubernetes would not', () => {
    for (const id of ['a'.repeat(64), '-a', 'a b', 'a,b=c', 'ä']) {
      expect(labelValue(id)).toMatch(/^sha256-[0-9a-f]{32}$/);
    }
    expect(labelValue('a b')).not.toBe(labelValue('a c'));
  });
});
