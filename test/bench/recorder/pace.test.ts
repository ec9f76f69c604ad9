import { describe, expect, it } from 'vitest';
import { dueAt, paced } from './pace.ts';

describe('the pace of a push', () => {
  const pace = { bytes: 1000, seconds: 100, speed: 10, realTimeSeconds: 20 };

  it('is fast until the end is near, and real time from there on', () => {
    expect(dueAt(0, pace)).toBe(0);
    expect(dueAt(400, pace)).toBe(4);
    expect(dueAt(800, pace)).toBe(8);
    expect(dueAt(1000, pace)).toBe(28);
  });

  it('is real time throughout for media that is shorter than its end', () => {
    expect(dueAt(500, { ...pace, realTimeSeconds: 200 })).toBe(50);
  });

  it('lets every byte through, in its order', async () => {
    const media = [Buffer.alloc(40_000, 1), Buffer.alloc(7, 2)];
    const through: Buffer[] = [];
    const all = { bytes: 40_007, seconds: 0.05, speed: 1, realTimeSeconds: 0 };
    for await (const piece of paced(chunks(media), all)) through.push(piece);
    expect(Buffer.concat(through).equals(Buffer.concat(media))).toBe(true);
  });
});

async function* chunks(buffers: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (const buffer of buffers) yield await Promise.resolve(buffer);
}
