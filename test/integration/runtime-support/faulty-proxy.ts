import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../../support/kube-api.ts';
import { WatchFaults } from './watch-faults.ts';

/** Everything that a list or the beginning of a watch may meet; `none` is the most frequent. */
const ANSWERS = ['none', 'delay', 'drop', 'never', '410', '429', '500', 'html', 'empty', 'half'] as const;
type Answer = (typeof ANSWERS)[number];
/** Milliseconds for which it wants to be left alone after a 429; in the header that is one second. */
const RETRY_AFTER_MS = 1000;

/**
 * An HTTP proxy in front of a real API server that misbehaves by the dice: it refuses requests, answers garbage or
 * never, and breaks watches in every way that {@link WatchFaults} knows.
 */
export class FaultyProxy implements AsyncDisposable {
  readonly #upstream: string;
  readonly #agent: Agent;
  readonly #random: () => number;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #watches = new Set<WatchFaults>();
  /** How often each fault was served. */
  readonly served: Record<string, number> = {};
  /** Requests that came although it had just asked to be left alone for longer, with milliseconds. */
  readonly impatient: string[] = [];
  #busyAt: number | undefined;
  /** What it answers first, before the dice decide. */
  readonly #opening: Answer[] = ['429', '429'];
  /** false: new requests are served as they should be; what is broken already stays so. */
  faulty = true;

  /** @param options.random from 0 up to 1 */
  constructor(options: { api: KubeApi; random: () => number }) {
    this.#upstream = options.api.server;
    this.#random = options.random;
    this.#agent = new Agent({ ca: readFileSync(options.api.certificateAuthority), keepAlive: true });
  }

  /** Resolves with `http://127.0.0.1:PORT`. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Watches that somebody has not given up yet. */
  get openWatches(): number {
    return this.#watches.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#noteImpatience(request.url ?? '/');
    const answer = this.#roll();
    const kind = request.url?.includes('watch=true') ? 'watch' : 'list';
    if (answer !== 'none') this.#count(`${kind} ${answer}`);
    switch (answer) {
      case 'drop':
        response.destroy();
        return;
      case 'never':
        return;
      case '429':
        this.#busyAt = performance.now();
        // The API server's own flow control says so in a header and in plain text, not in a Status.
        response.writeHead(429, {
          'content-type': 'text/plain',
          'retry-after': String(RETRY_AFTER_MS / 1000),
        });
        response.end('Too many requests, please try again later.\n');
        return;
      case '410':
      case '500':
        refuse(response, Number(answer));
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Sign in</body></html>\n');
        return;
      case 'empty':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"metadata":{},"items":[]}\n');
        return;
      case 'delay':
        await sleep(this.#random() * 300);
        break;
      case 'half':
      case 'none':
        break;
    }
    await this.#forward(request, response, { isWatch: kind === 'watch', half: answer === 'half' });
  }

  async #forward(
    request: IncomingMessage,
    response: ServerResponse,
    { isWatch, half }: { isWatch: boolean; half: boolean },
  ): Promise<void> {
    const { method, headers, url = '/' } = request;
    const upstream = httpsRequest(this.#upstream + url, { method, headers, agent: this.#agent });
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    answer.on('error', () => response.destroy());
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (isWatch && answer.statusCode === 200) {
      const watch = new WatchFaults({
        from: answer,
        to: response,
        random: this.#random,
        isFaulty: () => this.faulty,
        onFault: (fault) => this.#count(`stream ${fault}`),
      });
      this.#watches.add(watch);
      response.on('close', () => this.#watches.delete(watch));
    } else if (half) {
      answer.once('data', (chunk: Buffer) => {
        response.write(chunk.subarray(0, chunk.length / 2));
        setTimeout(() => response.destroy(), 20);
      });
    } else answer.pipe(response);
  }

  #noteImpatience(url: string): void {
    const waited = performance.now() - (this.#busyAt ?? Number.NEGATIVE_INFINITY);
    this.#busyAt = undefined;
    // Timers count in whole milliseconds, and may round down.
    if (waited < RETRY_AFTER_MS - 5) this.impatient.push(`${url} after ${waited} ms`);
  }

  #roll(): Answer {
    const opening = this.#opening.shift();
    if (opening) return opening;
    if (!this.faulty || this.#random() < 0.5) return 'none';
    return ANSWERS[Math.floor(this.#random() * ANSWERS.length)] ?? 'none';
  }

  #count(fault: string): void {
    this.served[fault] = (this.served[fault] ?? 0) + 1;
  }
}

function refuse(response: ServerResponse, code: number): void {
  const reason = code === 410 ? 'Expired' : 'InternalError';
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'by the dice' };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
