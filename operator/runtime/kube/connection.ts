import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';

/** How to reach and convince an API server. */
export interface Connection {
  /** Scheme, host and perhaps a path, without a slash at the end. */
  readonly server: string;
  /** Headers and TLS of the moment: tokens and certificates are renewed behind it. */
  credentials(): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }>;
  close(): Promise<void>;
}

/** Tokens are read anew as often, in milliseconds: client-go does so every minute. */
const CREDENTIALS_FRESH_MS = 30_000;
/**
 * How the kernel finds out that nobody is at the other end of a watch any more: it asks after 3 s of silence, then every
 * second, and closes the connection after four asks without an answer. Milliseconds.
 */
const PROBES = { enable: true, initialDelay: 3000, interval: 1000, count: 4 };
const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

/**
 * The connection that a kubeconfig's current context describes. Authentication (tokens, certificates, exec plugins)
 * is @kubernetes/client-node's; requests go through an undici Agent of our own, renewed when the TLS material changes.
 */
export class KubeConfigConnection implements Connection {
  readonly server: string;
  readonly #config: KubeConfig;
  #current: { headers: Record<string, string>; dispatcher: Agent; tls: string; until: number } | undefined;
  #closed = false;
  #refreshing: Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }> | undefined;

  /** Throws when the kubeconfig has no current cluster. */
  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (!cluster) throw new Error('The kubeconfig has no current cluster');
    this.#config = config;
    this.server = cluster.server.replace(/\/+$/, '');
  }

  async credentials(): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }> {
    if (this.#closed) throw new Error('The connection to the API server is closed');
    if (this.#current && performance.now() < this.#current.until) return this.#current;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return await this.#refreshing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.dispatcher.destroy();
    this.#current = undefined;
  }

  async #refresh(): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher }> {
    const options: RequestOptions & Record<string, unknown> = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const headers = Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    if (typeof options.auth === 'string')
      headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const tls = Object.fromEntries(
      TLS_OPTIONS.filter((name) => options[name] !== undefined && options[name] !== null).map((name) => [
        name,
        options[name],
      ]),
    );
    const fingerprint = JSON.stringify(tls, (_key, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('base64') : value,
    );
    const previous = this.#current;
    const dispatcher = previous?.tls === fingerprint ? previous.dispatcher : newAgent(tls);
    this.#current = {
      headers,
      dispatcher,
      tls: fingerprint,
      until: performance.now() + CREDENTIALS_FRESH_MS,
    };
    // Requests under way on the old certificates end in their own time.
    if (previous && previous.dispatcher !== dispatcher)
      void previous.dispatcher.close().catch(() => undefined);
    return this.#current;
  }
}

/**
 * HTTP/1.1, one request at a time on a connection: over HTTP/2 a dead peer takes every watch with it, the kernel does not
 * probe a connection on which undici's own pings wait to be acknowledged, and new requests still go to it for a while.
 */
function newAgent(tls: Record<string, unknown>): Agent {
  const connect = buildConnector({ ...tls, timeout: 10_000, allowH2: false });
  return new Agent({
    allowH2: false,
    connections: 64,
    keepAliveTimeout: 60_000,
    connect: (options, done) => {
      connect(options, (...result) => {
        result[1]?.setKeepAlive(PROBES);
        done(...result);
      });
    },
  });
}
