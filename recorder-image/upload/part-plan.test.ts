import { describe, expect, it } from 'vitest';
import { MAX_PARTS, nextPart, partSizeFor } from './part-plan.ts';
import type { UploadedPart } from './part-plan.ts';

const uploaded = (...parts: (Partial<UploadedPart> & { number: number })[]): Map<number, UploadedPart> =>
  new Map(parts.map((part) => [part.number, { size: 10, etag: 'e', crc32: 'c', ...part }]));

describe('the next part of a growing file', () => {
  const growing = { partSize: 10, fileSize: 25, finished: false };

  it('waits for the first one to be full', () => {
    expect(nextPart({ ...growing, fileSize: 9, begun: false, uploaded: new Map() })).toBe('wait');
  });

  it('is the first one as soon as it is full, and then the others in turn', () => {
    const next = (begun: boolean, ...parts: Parameters<typeof uploaded>): unknown =>
      nextPart({ ...growing, begun, uploaded: uploaded(...parts) });
    expect(next(false)).toEqual({ number: 1, offset: 0, size: 10 });
    const first = { number: 1, provisional: true };
    expect(next(true, first)).toEqual({ number: 2, offset: 10, size: 10 });
    expect(next(true, first, { number: 2 })).toBe('wait');
  });

  it('is the first one again when the file is made again', () => {
    const parts = uploaded({ number: 1, provisional: true }, { number: 2, provisional: true });
    expect(nextPart({ ...growing, begun: false, uploaded: parts })).toMatchObject({ number: 1 });
    expect(nextPart({ ...growing, begun: true, uploaded: parts })).toMatchObject({ number: 2 });
  });
});

describe('the next part of a finished file', () => {
  const finished = { partSize: 10, fileSize: 25, finished: true, begun: true };

  it('is the short last one, and then the first one once more', () => {
    const early = { number: 1, provisional: true };
    expect(nextPart({ ...finished, uploaded: uploaded(early, { number: 2 }) })).toEqual({
      number: 3,
      offset: 20,
      size: 5,
    });
    const all = [{ number: 2 }, { number: 3, size: 5 }];
    expect(nextPart({ ...finished, uploaded: uploaded(early, ...all) })).toEqual({
      number: 1,
      offset: 0,
      size: 10,
    });
    expect(nextPart({ ...finished, uploaded: uploaded({ number: 1 }, ...all) })).toBe('complete');
  });

  it('is one that was sent from a file that is made again, to be compared', () => {
    const parts = uploaded({ number: 1 }, { number: 2, provisional: true }, { number: 3, size: 5 });
    expect(nextPart({ ...finished, uploaded: parts })).toMatchObject({ number: 2 });
  });

  it('is the only one of a small file', () => {
    const small = { partSize: 10, fileSize: 3, finished: true, begun: true };
    expect(nextPart({ ...small, begun: false, uploaded: new Map() })).toEqual({
      number: 1,
      offset: 0,
      size: 3,
    });
    expect(nextPart({ ...small, uploaded: uploaded({ number: 1, size: 3 }) })).toBe('complete');
  });

  it('has no empty part behind a file of whole parts', () => {
    const even = { partSize: 10, fileSize: 20, finished: true, begun: true };
    expect(nextPart({ ...even, uploaded: uploaded({ number: 1 }, { number: 2 }) })).toBe('complete');
  });
});

describe('the part size', () => {
  it('is 8 MiB for a meeting of two hours', () => {
    expect(partSizeFor(7200)).toBe(8 * 1024 * 1024);
  });

  it('is large enough for the longest recording in 10,000 parts', () => {
    const week = 604_800;
    expect(partSizeFor(week) * MAX_PARTS).toBeGreaterThanOrEqual(week * 3_750_000);
    expect(partSizeFor(week)).toBeLessThan(5 * 1024 ** 3);
  });
});
