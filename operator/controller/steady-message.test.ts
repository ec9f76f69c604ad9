import { describe, expect, it } from 'vitest';
import { steadyMessage } from './steady-message.ts';

describe('a message that others have worded', () => {
  const refusal = (id: string, ms: number): string =>
    `admission webhook "policy.example.com" denied the request: no (request ${id}, took ${ms}ms)`;
  const first = refusal('6f1c2c1e-8a54-4b8e-9c1a-0d9f6a7b8c9d', 12);

  it('stays as it was told while only figures change', () => {
    expect(steadyMessage(first, refusal('0a1b2c3d-1111-2222-3333-444455556666', 7))).toBe(first);
  });

  it('is told anew when it says something else, or nothing was told', () => {
    expect(steadyMessage(first, 'the image is not signed')).toBe('the image is not signed');
    expect(steadyMessage(undefined, first)).toBe(first);
  });

  it('is told anew when it names another thing, though that differs in its number only', () => {
    expect(steadyMessage('secret "s3-1" not found', 'secret "s3-2" not found')).toContain('s3-2');
    expect(steadyMessage('at 2026-11-23T08:47:18Z: no', 'at 2026-11-23T08:47:23Z: no')).toContain('18Z');
  });

  it('has a length', () => {
    const long = steadyMessage(undefined, 'x'.repeat(100_000));
    expect(long).toHaveLength(512);
    expect(steadyMessage(long, 'x'.repeat(100_000))).toBe(long);
  });
});
