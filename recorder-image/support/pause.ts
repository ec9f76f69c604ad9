/**
 * Returns after `ms`, or as soon as one of the signals is aborted; at once when one is already. Never rejects. For
 * loops that wait again and again for as long as a meeting lasts: nothing of it stays with the signals.
 */
export function pause(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) {
      resolve();
      return;
    }
    const over = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    for (const signal of signals) signal.addEventListener('abort', over);
  });
}
