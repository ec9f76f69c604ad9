import type { Clock } from '../runtime/clock.ts';
import type { Reach, ReachTarget } from './reach.ts';

/** Milliseconds for which an answer that nobody has asked for yet stands. */
const FRESH_MS = 15_000;
/** Milliseconds after which a look that has its own limit has ended in any case. */
const LONGEST_MS = 10_000;

export interface RememberedReachOptions {
  reach: Reach;
  clock: Clock;
  /** Called with the recording's key when a look has found something else than the one before. */
  onChange: (key: string) => void;
}

/** `looking`: nothing is known yet. `trouble` is undefined when a recorder answers there. */
export type Found = 'looking' | { readonly trouble: string | undefined };

interface Look {
  readonly target: string;
  found: Found;
  /** Nobody has been told of what was found. */
  isNews: boolean;
  isUnderWay: boolean;
  /** Monotonic milliseconds. */
  atMs: number;
}

/**
 * Looks whether recorders can be reached, beside the work on recordings: nobody waits for a look, which takes as long as
 * nothing answers. What was found is kept until it is asked for, and the recording's key is queued when it has changed.
 */
export class RememberedReach {
  readonly #options: RememberedReachOptions;
  readonly #looks = new Map<string, Look>();

  constructor(options: RememberedReachOptions) {
    this.#options = options;
  }

  /** How many recordings are looked after. */
  get size(): number {
    return this.#looks.size;
  }

  /** What the last look has found; another one begins with each call. */
  look(key: string, target: ReachTarget): Found {
    const look = this.#lookAt(key, target);
    if (look.isNews && this.#options.clock.monotonic() - look.atMs < FRESH_MS) {
      look.isNews = false;
      // What was reachable once is not looked at again, and if it is, then anew.
      if (look.found !== 'looking' && look.found.trouble === undefined) this.#looks.delete(key);
      return look.found;
    }
    if (!look.isUnderWay) void this.#begin(key, target, look);
    // That it was reachable a while ago says nothing now.
    return look.isNews ? 'looking' : look.found;
  }

  /** Nobody wants to know any more. */
  forget(key: string): void {
    this.#looks.delete(key);
  }

  #lookAt(key: string, { host, port, serverName, caPath, mayBypassProxy }: ReachTarget): Look {
    const name = JSON.stringify([host, port, serverName, caPath, mayBypassProxy]);
    const known = this.#looks.get(key);
    if (known?.target === name) return known;
    const fresh: Look = { target: name, found: 'looking', isNews: false, isUnderWay: false, atMs: 0 };
    this.#looks.set(key, fresh);
    return fresh;
  }

  /** Never rejects. */
  async #begin(key: string, target: ReachTarget, look: Look): Promise<void> {
    const { reach, clock, onChange } = this.#options;
    look.isUnderWay = true;
    const before = look.found;
    const late = Promise.withResolvers<string>();
    const timer = clock.after(LONGEST_MS, () => late.resolve('the look at it does not end'));
    const answer = reach(target).catch((error: unknown) => String(error));
    const trouble = await Promise.race([answer, late.promise]);
    timer.cancel();
    look.isUnderWay = false;
    look.found = { trouble };
    look.atMs = clock.monotonic();
    look.isNews = before === 'looking' || before.trouble !== trouble;
    if (look.isNews && this.#looks.get(key) === look) onChange(key);
  }
}
