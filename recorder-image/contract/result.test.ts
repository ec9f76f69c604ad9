import { describe, expect, it } from 'vitest';
import { resultSchema } from './result.ts';

const result = {
  outcome: 'completed',
  reason: 'Stopped',
  bucket: 'b',
  key: 'k',
  url: 's3://b/k',
  sizeBytes: 1,
  format: 'mp4',
};
const gap = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:01Z', reason: 'PublisherAway' };

describe('a result of another version', () => {
  it('may say nothing of what is missing', () => {
    expect(resultSchema.parse(result)).toEqual(result);
  });

  it('may give a reason that is not known: it is one more way of losing media', () => {
    const said = { complete: false, incompleteReason: 'EatenByGoats', incompleteMessage: 'by goats' };
    expect(resultSchema.parse({ ...result, ...said })).toMatchObject({
      complete: false,
      incompleteReason: 'MediaLost',
      incompleteMessage: 'by goats',
    });
  });

  it('may have gaps of another kind: those that are known are kept', () => {
    const gaps = [{ ...gap, reason: 'MoonPhase' }, gap, 'a gap', null];
    expect(resultSchema.parse({ ...result, gaps })).toMatchObject({ gaps: [gap] });
  });

  it.each([
    { complete: 'maybe' },
    { missingSeconds: -1 },
    { missingSeconds: 'many' },
    { incompleteMessage: 7 },
    { gaps: 'none' },
    { manifest: 'here' },
  ])('is a result still with %j', (said) => {
    expect(resultSchema.parse({ ...result, ...said })).toMatchObject(result);
  });
});
