import type { RecordingStore } from './recording-store.ts';
import type { RecordingDocument } from './recording.ts';
import { webhookMessage } from './webhook-message.ts';
import type { WebhookOutbox } from './webhook-outbox.ts';

interface AnnouncerOptions {
  readonly store: RecordingStore;
  readonly outbox: WebhookOutbox;
  readonly now: () => Date;
  /** Told that there is something to deliver. */
  readonly onAdded?: (() => void) | undefined;
}

/** Moves what recordings owe the backend into the outbox. */
export class WebhookAnnouncer {
  readonly #options: AnnouncerOptions;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /**
   * What is owed was written in the same document, in the same update, as what happened. A process that dies in here
   * leaves it owed, and whoever comes next makes the same messages, by the same ids.
   */
  async announce(record: RecordingDocument): Promise<void> {
    const { store, outbox, now, onAdded } = this.#options;
    const owed = record.owed ?? [];
    if (owed.length === 0) return;
    for (const event of owed) {
      const at = now();
      await outbox.add(webhookMessage(record, event, at), at);
    }
    await store.settle(record, owed);
    onAdded?.();
  }

  /** The same for every recording that owes something: what a process left that died. */
  async announceAll(signal?: AbortSignal): Promise<void> {
    for (const record of await this.#options.store.owing()) {
      signal?.throwIfAborted();
      await this.announce(record);
    }
  }
}
