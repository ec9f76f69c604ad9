import type { IncomingMessage, ServerResponse } from 'node:http';

/** What may happen at the end of a line of a watch. */
const FAULTS = [
  'drop',
  'cut in the middle of a line',
  'half-open',
  'end',
  'delay',
  'repeat the event',
  'two bookmarks',
  'error 410',
  'error 500',
  'garbage',
  'no event',
  'no object',
  'unknown type',
] as const;

type Fault = (typeof FAULTS)[number];

export interface WatchFaultsOptions {
  from: IncomingMessage;
  to: ServerResponse;
  /** From 0 up to 1. */
  random: () => number;
  isFaulty: () => boolean;
  onFault: (fault: Fault) => void;
}

/** Hands the lines of a watch on, and now and then does one of {@link FAULTS} instead. */
export class WatchFaults {
  readonly #options: WatchFaultsOptions;
  #rest = '';
  /** Nothing is handed on any more, and nobody is told. */
  #silent = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: WatchFaultsOptions) {
    this.#options = options;
    const { from, to } = options;
    to.flushHeaders();
    from.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#tail = this.#tail.then(() => this.#pass(`${line}\n`));
    });
    from.on('end', () => {
      void this.#tail.then(() => this.#silent || to.end());
    });
  }

  destroy(): void {
    this.#options.from.destroy();
    this.#options.to.destroy();
  }

  async #pass(line: string): Promise<void> {
    const { to, random, isFaulty, onFault } = this.#options;
    if (this.#silent || to.destroyed) return;
    const fault = isFaulty() && random() < 0.08 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
    if (fault === undefined) {
      to.write(line);
      return;
    }
    onFault(fault);
    await this.#commit(fault, line);
  }

  async #commit(fault: Fault, line: string): Promise<void> {
    const { to, random } = this.#options;
    const event = (type: string, object: unknown): boolean =>
      to.write(`${JSON.stringify({ type, object })}\n`);
    switch (fault) {
      case 'drop':
        to.destroy();
        return;
      case 'cut in the middle of a line':
        to.write(line.slice(0, Math.floor(random() * line.length)), () => to.destroy());
        this.#silent = true;
        return;
      case 'half-open':
        this.#silent = true;
        return;
      case 'end':
        to.end();
        this.#silent = true;
        return;
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, random() * 400));
        to.write(line);
        return;
      case 'repeat the event':
        to.write(line + line);
        return;
      case 'two bookmarks': {
        to.write(line);
        const { object } = JSON.parse(line) as { object: { metadata: { resourceVersion: string } } };
        const { resourceVersion } = object.metadata;
        for (let i = 0; i < 2; i++) event('BOOKMARK', { metadata: { resourceVersion } });
        return;
      }
      case 'error 410':
      case 'error 500':
        event('ERROR', {
          kind: 'Status',
          code: Number(fault.slice(-3)),
          reason: 'Expired',
          message: 'by the dice',
        });
        return;
      case 'garbage':
        to.write('<html>Bad gateway</html>\n');
        return;
      case 'no event':
        to.write('null\n');
        return;
      case 'no object':
        event('ADDED', { metadata: {} });
        return;
      case 'unknown type':
        event('CHANGED', { metadata: { name: 'nobody', uid: 'nobody', resourceVersion: '1' } });
    }
  }
}
