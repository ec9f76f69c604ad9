import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('a Retry-After header', () => {
  it.each([
    ['3', 3000],
    ['0', 0],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
  ])('asks for a wait: %s', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  it('that names a moment in the past asks for none', () => {
    expect(retryAfterMs('Wed, 31 Dec 2025 23:59:00 GMT', now)).toBe(0);
  });

  it.each(['86400', 'Fri, 02 Jan 2026 00:00:00 GMT'])('is believed for a minute: %s', (header) => {
    expect(retryAfterMs(header, now)).toBe(60_000);
  });

  it.each([undefined, '', 'soon', 'in 5', '-5', 'NaN', 'yesterday GMT', []])(
    'says nothing when it can’t be understood: %s',
    (header) => {
      expect(retryAfterMs(header, now)).toBeUndefined();
    },
  );
});
