import { describe, expect, it } from 'vitest';
import { comparePackets } from './packets.ts';

const video = (...hashes: string[]) => ({ video: hashes, audio: ['x'] });

describe('comparing packets', () => {
  it('is content when everything is there in order', () => {
    expect(comparePackets(video('a', 'b', 'c'), video('a', 'b', 'c'))).toMatchObject({ ok: true });
  });

  it('is not content when there was nothing to compare', () => {
    const nothing = { video: [], audio: [] };
    expect(comparePackets(nothing, nothing).ok).toBe(false);
  });

  it.each([
    { what: 'at the start', recorded: ['b', 'c'], missing: 1, firstMissing: 0 },
    { what: 'in the middle', recorded: ['a', 'c'], missing: 1, firstMissing: 1 },
    { what: 'at the end', recorded: ['a'], missing: 2, firstMissing: 1 },
  ])('counts what is missing $what', ({ recorded, missing, firstMissing }) => {
    const found = comparePackets(video('a', 'b', 'c'), video(...recorded));
    expect(found.ok).toBe(false);
    expect(found.video).toMatchObject({ missing, firstMissing, extra: 0 });
  });

  it('counts what was never published', () => {
    const found = comparePackets(video('a', 'b'), video('a', 'z', 'b'));
    expect(found).toMatchObject({ ok: false, video: { missing: 0, extra: 1 } });
  });

  it('does not take two packets in the wrong order for all right', () => {
    expect(comparePackets(video('a', 'b'), video('b', 'a')).ok).toBe(false);
  });

  it('tells equal payloads apart by their place: silence repeats', () => {
    expect(comparePackets(video('s', 's', 's'), video('s', 's')).video).toMatchObject({
      missing: 1,
      extra: 0,
    });
    expect(comparePackets(video('s', 'a', 's'), video('s', 'a', 's')).ok).toBe(true);
  });
});
