import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import type { Faults } from '../faults.ts';
import type { SimulatorOptions } from '../options.ts';

export interface Notification {
  noticeId: string;
  productId: number;
  eventType: number;
  notifyMs: number;
  payload: object;
}

/** A notification with what became of it, for `GET /control/webhooks`. */
export interface SentNotification extends Notification {
  /** Status of each delivery; 0 where there was no answer. */
  answers: number[];
  fault?: string;
}

const ANSWER_LIMIT_MS = 10_000;
const KEPT = 1000;

/** Agora's Notification Center: signs, delivers, tries again. */
export class Notifier {
  readonly #options: SimulatorOptions;
  readonly #faults: Faults;
  readonly #stopping = new AbortController();
  readonly #underway = new Set<Promise<void>>();
  readonly #sent: SentNotification[] = [];

  constructor(options: SimulatorOptions, faults: Faults) {
    this.#options = options;
    this.#faults = faults;
  }

  get sent(): readonly SentNotification[] {
    return this.#sent;
  }

  notify(
    productId: number,
    eventType: number,
    payload: object,
    place: { name?: string | undefined; channel?: string | undefined },
  ): void {
    const record: SentNotification = {
      noticeId: randomUUID(),
      productId,
      eventType,
      notifyMs: Date.now(),
      payload,
      answers: [],
    };
    this.#sent.push(record);
    if (this.#sent.length > KEPT) this.#sent.shift();
    if (this.#options.webhook === undefined) return;
    const delivery = this.#deliver(record, place).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#options.logger.error({ err: error }, 'cannot deliver a notification');
    });
    this.#underway.add(delivery);
    void delivery.finally(() => this.#underway.delete(delivery));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underway);
  }

  async #deliver(
    record: SentNotification,
    place: { name?: string | undefined; channel?: string | undefined },
  ): Promise<void> {
    const { signal } = this.#stopping;
    const fault = this.#faults.takeWebhook(record, place);
    if (fault !== undefined) record.fault = fault.kind;
    if (fault?.kind === 'lose') return;
    if (fault?.kind === 'delay') await sleep(fault.seconds * 1000, undefined, { signal });
    if (fault?.kind === 'duplicate') await this.#post(record);
    for (const waitMs of [...this.#options.webhookRetryWaitsMs, undefined]) {
      if ((await this.#post(record)) || waitMs === undefined) return;
      await sleep(waitMs, undefined, { signal });
    }
  }

  /** Whether it was taken: Agora wants 200. */
  async #post(record: SentNotification): Promise<boolean> {
    const { webhook, logger } = this.#options;
    if (webhook === undefined) return true;
    const { noticeId, productId, eventType, notifyMs, payload } = record;
    const body = Buffer.from(JSON.stringify({ noticeId, productId, eventType, notifyMs, payload }));
    const sign = (algorithm: string) => createHmac(algorithm, webhook.secret).update(body).digest('hex');
    try {
      const { status } = await axios.post<unknown>(webhook.url, body, {
        headers: {
          'Content-Type': 'application/json',
          'Agora-Signature': sign('sha1'),
          'Agora-Signature-V2': sign('sha256'),
        },
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
        validateStatus: () => true,
      });
      record.answers.push(status);
      return status === 200;
    } catch (error) {
      this.#stopping.signal.throwIfAborted();
      logger.debug(
        { code: axios.isAxiosError(error) ? error.code : 'unknown', noticeId },
        'webhook not answered',
      );
      record.answers.push(0);
      return false;
    }
  }
}
