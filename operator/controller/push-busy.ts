import { lookAgainIn } from './pass.ts';
import type { Pass } from './pass.ts';
import type { Turns } from './turns.ts';

/** Milliseconds after which one that waits for its turn looks again, should nobody have called it. */
const LATEST_MS = 5000;

/**
 * Agora was not asked, because enough others wait for its answer. It is no AgoraError: nothing is known, and nothing
 * must be concluded.
 */
export class PushBusyError extends Error {
  readonly code = 'MediaPushBusy';
  readonly #turns: Turns;

  constructor(turns: Turns) {
    super('Enough others wait for an answer of Agora');
    this.name = 'PushBusyError';
    this.#turns = turns;
  }

  /** Has the pass come back when it is its turn. */
  comeBack(pass: Pass): void {
    this.#turns.callWhenFree(pass.key);
    lookAgainIn(pass, LATEST_MS);
  }
}
