import type { Track } from './flv.ts';

/** A track's next timestamp may differ this much from its last one before it counts as a jump, in ms. */
const FORWARD_TOLERANCE_MS = 10_000;
const BACKWARD_TOLERANCE_MS = 1000;
/** How far apart the tracks of one publisher may run, in ms: encoders and mixers delay one of them. */
const SKEW_TOLERANCE_MS = 10_000;
/** Between the last tag of one publisher and the first of the next there is at least about a frame. */
const MIN_GAP_MS = 20;
const WRAP = 2 ** 32;

export interface TimelineOptions {
  /** The last timestamp in the journal, in ms; undefined while there is none. */
  readonly headMs?: number | undefined;
  /** When that tag arrived, as a Unix time in ms. */
  readonly headAt?: number | undefined;
}

/**
 * The journal's own clock, in ms, starting at 0 with the first media. Publishers come and go, and each has its own
 * idea of time: they start at zero or anywhere, wrap at 2^32, or jump. Each is put where wall-clock time says it
 * belongs when it comes, and from then on its own timestamps count, so that audio and video stay together.
 */
export class Timeline {
  #headMs: number | undefined;
  #headAt: number;

  constructor(options: TimelineOptions = {}) {
    this.#headMs = options.headMs;
    this.#headAt = options.headAt ?? 0;
  }

  /** The latest timestamp so far, in ms; 0 before the first one. */
  get headMs(): number {
    return this.#headMs ?? 0;
  }

  /** When the tag at the head came, as a Unix time in ms. */
  get headAt(): number {
    return this.#headAt;
  }

  /** Where media belongs that begins anew at this Unix time (ms): behind the head by as much as has passed since. */
  resumeAt(now: number): number {
    if (this.#headMs === undefined) return 0;
    return this.#headMs + Math.max(MIN_GAP_MS, Math.round(now - this.#headAt));
  }

  advance(timestampMs: number, now: number): void {
    if (this.#headMs !== undefined && timestampMs < this.#headMs) return;
    this.#headMs = timestampMs;
    this.#headAt = now;
  }
}

interface TrackClock {
  /** The last timestamp as the publisher meant it, unwrapped. */
  source: number;
  /** What is added to it on the journal's timeline. */
  offset: number;
  placed: number;
}

/** One publisher's time, put on the journal's. Made anew for each connection. */
export class PublisherClock {
  readonly #timeline: Timeline;
  readonly #tracks = new Map<Track, TrackClock>();
  #offset: number | undefined;
  #base = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /**
   * Where a tag of `track` with the RTMP timestamp `timestamp` (ms, 32 bits) that arrived at `now` (Unix time, ms)
   * stands in the journal. Never goes back within a track.
   */
  place(track: Track, timestamp: number, now: number): number {
    const known = this.#tracks.get(track);
    const source = unwrap(timestamp, known?.source ?? this.#base);
    const offset = this.#offsetFor(known, source, now);
    const placed = Math.max(known?.placed ?? 0, source + offset, 0);
    this.#tracks.set(track, { source, offset, placed });
    this.#offset = offset;
    this.#base = source;
    this.#timeline.advance(placed, now);
    return placed;
  }

  #offsetFor(known: TrackClock | undefined, source: number, now: number): number {
    if (known !== undefined) {
      const step = source - known.source;
      if (step >= -BACKWARD_TOLERANCE_MS && step <= this.#forwardTolerance(now)) return known.offset;
    }
    // The other track may have jumped already, or set the clock when it came first: then this one follows it.
    const shared = this.#offset;
    if (shared !== undefined && (known === undefined || shared !== known.offset)) {
      const lead = source + shared - this.#timeline.headMs;
      if (lead >= -SKEW_TOLERANCE_MS && lead <= this.#forwardTolerance(now)) return shared;
    }
    return this.#timeline.resumeAt(now) - source;
  }

  /** A pause of the media is believed as far as the wall clock bears it out. */
  #forwardTolerance(now: number): number {
    return FORWARD_TOLERANCE_MS + Math.max(0, this.#timeline.resumeAt(now) - this.#timeline.headMs);
  }
}

/** The value nearest to `near` that equals `timestamp` modulo 2^32. */
function unwrap(timestamp: number, near: number): number {
  return timestamp + Math.round((near - timestamp) / WRAP) * WRAP;
}
