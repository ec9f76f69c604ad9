import { setTimeout as sleep } from 'node:timers/promises';
import { webhookSignature } from './webhook-message.ts';
import type { OutboxEntry, WebhookOutbox } from './webhook-outbox.ts';

interface DeliveryOptions {
  readonly outbox: WebhookOutbox;
  readonly url: string;
  readonly secret: string;
  readonly now: () => Date;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told of each try that failed; never of the secret or the body. */
  readonly onFailure: (failure: { id: string; attempts: number; error: string; isLast: boolean }) => void;
  readonly onError: (error: unknown) => void;
  readonly pollIntervalMs?: number;
  readonly firstRetryMs?: number;
  readonly timeoutMs?: number;
}

const BATCH = 20;
const AT_ONCE = 4;
const MAX_RETRY_MS = 60 * 60 * 1000;
/** A backend that has been away for longer reads the status itself. */
const GIVE_UP_MS = 3 * 24 * 60 * 60 * 1000;
const REMEMBER_MS = 30 * 24 * 60 * 60 * 1000;
const FORGET_INTERVAL_MS = 60 * 60 * 1000;
const MAX_ERROR_LENGTH = 200;

/** Delivers the messages of the outbox, each at least once, by as many replicas as there are. */
export class WebhookDelivery {
  readonly #options: DeliveryOptions & { pollIntervalMs: number; firstRetryMs: number; timeoutMs: number };
  #wake: () => void = () => undefined;
  #forgotAt = 0;

  constructor(options: DeliveryOptions) {
    this.#options = {
      ...options,
      pollIntervalMs: options.pollIntervalMs ?? 2000,
      firstRetryMs: options.firstRetryMs ?? 5000,
      timeoutMs: options.timeoutMs ?? 10_000,
    };
  }

  /** There is something new: it need not wait for the next look. */
  nudge(): void {
    this.#wake();
  }

  /** Runs until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { pollIntervalMs, onError } = this.#options;
    while (!signal.aborted) {
      const woken = Promise.withResolvers<undefined>();
      this.#wake = () => {
        woken.resolve(undefined);
      };
      try {
        await this.deliverDue(signal);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
      }
      const waiting = new AbortController();
      const timeout = sleep(pollIntervalMs, undefined, { signal: AbortSignal.any([signal, waiting.signal]) });
      await Promise.race([timeout.catch(() => undefined), woken.promise]);
      waiting.abort();
    }
  }

  /** Tries every message whose time has come, once. */
  async deliverDue(signal: AbortSignal): Promise<void> {
    const { outbox, now } = this.#options;
    while (true) {
      const due = await outbox.due(now(), BATCH);
      const waiting = [...due];
      const work = async (): Promise<void> => {
        for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
          signal.throwIfAborted();
          await this.#try(entry, signal);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      if (due.length < BATCH) break;
    }
    const at = now().getTime();
    if (at - this.#forgotAt < FORGET_INTERVAL_MS) return;
    this.#forgotAt = at;
    await outbox.forget(new Date(at - REMEMBER_MS));
  }

  async #try(entry: OutboxEntry, signal: AbortSignal): Promise<void> {
    const { outbox, now, timeoutMs, onFailure } = this.#options;
    // Twice the time that a try may take: who dies at it delays the message by that.
    if (!(await outbox.lease(entry, new Date(now().getTime() + 2 * timeoutMs)))) return;
    const error = await this.#post(entry, signal);
    if (error === undefined) {
      await outbox.delivered(entry._id);
      return;
    }
    const attempts = entry.attempts + 1;
    const isLast = now().getTime() - entry.createdAt.getTime() > GIVE_UP_MS;
    onFailure({ id: entry._id, attempts, error, isLast });
    await outbox.failed(entry._id, error, isLast ? undefined : this.#nextTry(attempts));
  }

  /** What went wrong, if anything. */
  async #post({ _id, body }: OutboxEntry, signal: AbortSignal): Promise<string | undefined> {
    const { url, secret, now, timeoutMs } = this.#options;
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        // Only where it was configured to go: a redirect could lead anywhere.
        redirect: 'manual',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'meetrec',
          'Meetrec-Event-Id': _id,
          'Meetrec-Signature': webhookSignature(secret, body, now()),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `the receiver answered ${response.status}`;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return String(cause).slice(0, MAX_ERROR_LENGTH);
    }
  }

  /** Twice as long each time, and half of that at random: replicas and messages don't come all at once. */
  #nextTry(attempts: number): Date {
    const { now, random, firstRetryMs } = this.#options;
    const delay = Math.min(firstRetryMs * 2 ** (attempts - 1), MAX_RETRY_MS);
    return new Date(now().getTime() + delay * (0.5 + random() / 2));
  }
}
