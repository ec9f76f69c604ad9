/**
 * Settles with the promise, or rejects with the signal's reason as soon as it is aborted. Called for every batch of the
 * journal: a listener that is added and removed costs a tenth of what a controller of its own for each call does.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    const settled = (): void => signal.removeEventListener('abort', abort);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: Error) => {
        settled();
        reject(error);
      },
    );
  });
}
