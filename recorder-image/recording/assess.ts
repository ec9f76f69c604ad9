import type { RecorderState } from '../contract/status.ts';
import type { ResultReason } from '../contract/result.ts';

/** All times in ms of one clock. */
export interface Facts {
  readonly now: number;
  /** When the recording's first recorder started. */
  readonly createdAt: number;
  /** When the first media came. */
  readonly startedAt?: number | undefined;
  /** When the last media came, or when this recorder went on with a recording that has some. */
  readonly lastMediaAt: number | undefined;
  readonly publisherConnected: boolean;
  /** Undefined where that is not known. */
  readonly bytesFree: number | undefined;
}

export interface Limits {
  readonly publisherTimeoutMs: number;
  readonly reconnectWindowMs: number;
  readonly stallMs: number;
  readonly minFreeBytes: number;
  /** Of media, and by the wall clock {@link WALL_CLOCK_SLACK_MS} more. */
  readonly maxDurationMs: number;
}

/**
 * How far the media's own time may fall behind the wall clock, in ms, before the wall clock ends the recording: a
 * publisher whose timestamps never advance would be recorded for ever.
 */
const WALL_CLOCK_SLACK_MS = 60_000;

export interface Assessment {
  readonly state: Extract<RecorderState, 'waiting' | 'recording' | 'reconnecting'>;
  /** Why it is over, where it is. */
  readonly stop?: ResultReason;
}

/** What the recorder is doing while it may receive, and whether that has come to an end by itself. */
export function assess(facts: Facts, limits: Limits): Assessment {
  const { state, stop } = assessPublisher(facts, limits);
  if (facts.bytesFree !== undefined && facts.bytesFree < limits.minFreeBytes)
    return { state, stop: 'DiskFull' };
  const { now, startedAt = now } = facts;
  if (now - startedAt >= limits.maxDurationMs + WALL_CLOCK_SLACK_MS)
    return { state, stop: 'MaxDurationReached' };
  return stop === undefined ? { state } : { state, stop };
}

function assessPublisher(facts: Facts, limits: Limits): Assessment {
  const { now, createdAt, lastMediaAt, publisherConnected } = facts;
  if (lastMediaAt === undefined) {
    const late = now - createdAt >= limits.publisherTimeoutMs;
    return late ? { state: 'waiting', stop: 'NoPublisher' } : { state: 'waiting' };
  }
  const silence = now - lastMediaAt;
  if (publisherConnected && silence < limits.stallMs) return { state: 'recording' };
  const lost = silence >= limits.reconnectWindowMs;
  return lost ? { state: 'reconnecting', stop: 'PublisherLost' } : { state: 'reconnecting' };
}
