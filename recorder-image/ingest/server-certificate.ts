import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Server } from 'node:tls';
import type { Logger } from 'pino';

/** How often the files are looked at, in ms. A certificate is renewed days before it ends. */
const LOOK_MS = 30_000;

/** PEM files; the first has the chain too. */
export interface CertificatePaths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** The certificate or its key is missing, is not readable, or they don't belong together. */
export class CertificateError extends Error {
  readonly code = 'BadCertificate';
  override readonly name = 'CertificateError';
}

/** Keeps a TLS server's certificate what its files say, also when they change; live connections go on with theirs. */
export class ServerCertificate implements Disposable {
  readonly #server: Server;
  readonly #paths: CertificatePaths;
  readonly #log: Logger;
  readonly #lookMs: number;
  #served: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param options.lookMs how often the files are looked at, in ms; 30 s unless told */
  constructor(options: { server: Server; paths: CertificatePaths; log: Logger; lookMs?: number }) {
    this.#server = options.server;
    this.#paths = options.paths;
    this.#log = options.log;
    this.#lookMs = options.lookMs ?? LOOK_MS;
  }

  /** Returns when the server has its certificate. Throws {@link CertificateError}. */
  async open(): Promise<void> {
    await this.#load();
    this.#timer = setInterval(() => void this.#look(), this.#lookMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Files that are just being replaced may not fit: the server goes on with what it has. */
  async #look(): Promise<void> {
    try {
      if (await this.#load()) this.#log.info(this.#paths, 'the certificate was renewed');
    } catch (error) {
      this.#log.warn({ error }, 'the certificate stays as it was');
    }
  }

  /** Whether there was anything new. */
  async #load(): Promise<boolean> {
    const { certPath, keyPath } = this.#paths;
    let cert: string;
    let key: string;
    try {
      cert = await readFile(certPath, 'utf8');
      key = await readFile(keyPath, 'utf8');
      if (cert + key === this.#served) return false;
      createSecureContext({ cert, key });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CertificateError(`the certificate ${certPath} with the key ${keyPath}: ${why}`, {
        cause: error,
      });
    }
    this.#server.setSecureContext({ cert, key });
    this.#served = cert + key;
    return true;
  }
}
