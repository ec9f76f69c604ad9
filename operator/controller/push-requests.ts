import type { Reason } from '../crd/reasons.ts';

/** What is known of a recording's push from one pass to the next. Losing it costs a question to Agora, nothing else. */
export interface PushMemory {
  /** Requests that failed in a row, and Agora's answer to the last. */
  failures: number;
  lastError: string | undefined;
  /** Monotonic milliseconds before which Agora is not asked again. */
  notBeforeMs: number;
  /** 404s in a row: one proves nothing, three do. */
  missing: number;
  /** Agora has confirmed that the push is no more. */
  ended: boolean;
  /** Monotonic milliseconds since when it waits for its turn to be ended. */
  turnSinceMs?: number | undefined;
  /** Monotonic milliseconds before which the picture is not changed; undefined before the first change. */
  mayChangeAtMs?: number;
  /** Of the last change of the picture that was asked for, whether it was carried out or not. */
  sequence?: number;
  /** The push was ended to be made anew with a layout, which is done once. */
  madeAnew?: boolean;
  /** The news of the push that was acted on. */
  heeded?: string | undefined;
  /** When the way to the recorder was last looked at, in monotonic milliseconds, and what was wrong with it. */
  way?: { lookedAtMs: number; trouble?: { reason: Reason; message: string } };
}

/** By the recording's UID. */
export class PushRequests {
  readonly #memory = new Map<string, PushMemory>();

  of(uid: string): PushMemory {
    const known = this.#memory.get(uid);
    if (known) return known;
    const fresh: PushMemory = { failures: 0, lastError: undefined, notBeforeMs: 0, missing: 0, ended: false };
    this.#memory.set(uid, fresh);
    return fresh;
  }

  forget(uid: string): void {
    this.#memory.delete(uid);
  }
}
