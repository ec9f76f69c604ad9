/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/** Time as the runtime sees it, so that tests can bring their own. */
export interface Clock {
  /** Wall-clock time in Unix milliseconds; it may jump. */
  now(): number;
  /** Milliseconds since some fixed point; it only grows, also while the process is frozen. */
  monotonic(): number;
  /** Calls back once, `ms` milliseconds from now at the earliest; at most {@link MAX_TIMER_MS}. */
  after(ms: number, callback: () => void): Timer;
}

/** The longest timer that JavaScript knows, in milliseconds: a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted before. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      timer.cancel();
      reject(abortReason(signal));
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    });
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** The signal's reason as an Error, which is what one may throw. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
