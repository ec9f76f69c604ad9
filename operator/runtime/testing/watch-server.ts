import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import type { Connection } from '../kube/connection.ts';
import type { KubeObject } from '../kube/objects.ts';

export type Answer = (response: ServerResponse, url: URL) => void;

/**
 * A small API server for one resource, over real HTTP. It keeps objects and a history, serves lists and watches from
 * them, and misbehaves on request: `lists` and `watches` hold answers that are used up before it answers properly.
 */
export class WatchServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #open = new Set<{ response: ServerResponse; from: number }>();
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: { version: number; line: string }[] = [];
  #version = 100;
  /** Misbehaviour for the next lists and watches, one each. */
  readonly lists: Answer[] = [];
  readonly watches: Answer[] = [];
  /** Every request, as its path and query. */
  readonly requests: URL[] = [];
  #agent = new Agent();

  async listen(): Promise<Connection> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return {
      server: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      credentials: async () => await Promise.resolve({ headers: {}, dispatcher: this.#agent }),
      close: async () => await this.#agent.destroy(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get openWatches(): number {
    return this.#open.size;
  }

  put(name: string, uid = name): void {
    const known = this.#objects.get(name);
    if (known && known.metadata.uid !== uid) this.remove(name);
    const type = this.#objects.has(name) ? 'MODIFIED' : 'ADDED';
    const object = { metadata: { name, uid, resourceVersion: String(++this.#version), managedFields: [{}] } };
    this.#objects.set(name, object);
    this.#tell(type, object);
  }

  remove(name: string): void {
    const object = this.#objects.get(name);
    if (!object) return;
    this.#objects.delete(name);
    this.#tell('DELETED', { metadata: { ...object.metadata, resourceVersion: String(++this.#version) } });
  }

  /** Changes without telling anybody, as if the events had been lost. */
  silently(change: () => void): void {
    const open = [...this.#open];
    this.#open.clear();
    change();
    for (const watch of open) this.#open.add(watch);
  }

  /** Forgets what happened: whoever wants to go on from before is told 410. */
  compact(): void {
    this.#history.length = 0;
  }

  send(line: string): void {
    for (const { response } of this.#open) response.write(line);
  }

  bookmark(): void {
    this.send(
      `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(++this.#version) } } })}\n`,
    );
  }

  /** Cuts all connections. */
  drop(): void {
    for (const { response } of this.#open) response.destroy();
    this.#open.clear();
  }

  #tell(type: string, object: KubeObject): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version: this.#version, line });
    this.send(line);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server');
    this.requests.push(url);
    const watch = url.searchParams.get('watch') === 'true';
    const misbehaviour = (watch ? this.watches : this.lists).shift();
    if (misbehaviour) misbehaviour(response, url);
    else if (watch) this.#watch(Number(url.searchParams.get('resourceVersion')), response);
    else this.#list(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? 1000);
    const from = Number(url.searchParams.get('continue') ?? 0);
    const items = [...this.#objects.values()];
    const next = from + limit < items.length ? String(from + limit) : '';
    const metadata = { resourceVersion: String(this.#version), continue: next };
    response.end(JSON.stringify({ metadata, items: items.slice(from, from + limit) }));
  }

  #watch(from: number, response: ServerResponse): void {
    const oldest = this.#history[0]?.version ?? this.#version + 1;
    if (from + 1 < oldest && from < this.#version) return status(410, 'Expired')(response);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { version, line } of this.#history) if (version > from) response.write(line);
    const watch = { response, from };
    this.#open.add(watch);
    response.on('close', () => this.#open.delete(watch));
  }
}

/** A refusal as the API server words it. */
export function status(
  code: number,
  reason: string,
  retryAfterSeconds?: number,
): (response: ServerResponse) => void {
  return (response) => {
    const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
    response
      .writeHead(code)
      .end(JSON.stringify({ kind: 'Status', code, reason, message: reason, ...details }));
  };
}
