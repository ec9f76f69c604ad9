import { describe, expect, it } from 'vitest';
import { assess } from './assess.ts';
import type { Facts } from './assess.ts';

const limits = {
  publisherTimeoutMs: 120_000,
  reconnectWindowMs: 180_000,
  stallMs: 10_000,
  minFreeBytes: 100,
  maxDurationMs: 3_600_000,
};
const facts: Facts = {
  now: 1000,
  createdAt: 0,
  lastMediaAt: undefined,
  publisherConnected: false,
  bytesFree: 1000,
};

describe('what the recorder is doing', () => {
  it.each([
    { what: 'waits at first', change: {}, expected: { state: 'waiting' } },
    {
      what: 'gives up when no publisher comes',
      change: { now: 120_000 },
      expected: { state: 'waiting', stop: 'NoPublisher' },
    },
    {
      what: 'gives up on one that sends nothing',
      change: { now: 120_000, publisherConnected: true },
      expected: { state: 'waiting', stop: 'NoPublisher' },
    },
    {
      what: 'records',
      change: { lastMediaAt: 900, publisherConnected: true },
      expected: { state: 'recording' },
    },
    { what: 'waits for one that is gone', change: { lastMediaAt: 900 }, expected: { state: 'reconnecting' } },
    {
      what: 'waits for one that has stalled',
      change: { now: 20_000, lastMediaAt: 10_000, publisherConnected: true },
      expected: { state: 'reconnecting' },
    },
    {
      what: 'ends when it stays away',
      change: { now: 190_000, lastMediaAt: 10_000 },
      expected: { state: 'reconnecting', stop: 'PublisherLost' },
    },
    {
      what: 'ends when it stays stalled',
      change: { now: 190_000, lastMediaAt: 10_000, publisherConnected: true },
      expected: { state: 'reconnecting', stop: 'PublisherLost' },
    },
    {
      what: 'ends when by the wall clock the maximum is over, whatever the timestamps say',
      change: { now: 3_661_000, startedAt: 1000, lastMediaAt: 3_660_900, publisherConnected: true },
      expected: { state: 'recording', stop: 'MaxDurationReached' },
    },
    {
      what: 'leaves the end to the timestamps as long as they keep up',
      change: { now: 3_601_000, startedAt: 1000, lastMediaAt: 3_600_900, publisherConnected: true },
      expected: { state: 'recording' },
    },
    {
      what: 'stops when the disk fills up',
      change: { lastMediaAt: 900, publisherConnected: true, bytesFree: 99 },
      expected: { state: 'recording', stop: 'DiskFull' },
    },
    {
      what: 'goes on where nobody knows what the disk has left',
      change: { lastMediaAt: 900, publisherConnected: true, bytesFree: undefined },
      expected: { state: 'recording' },
    },
  ])('$what', ({ change, expected }) => {
    expect(assess({ ...facts, ...change }, limits)).toEqual(expected);
  });
});
