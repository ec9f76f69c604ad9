import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';

/** Milliseconds within which a recorder must have answered. */
const ANSWER_MS = 2000;
const RTMP_VERSION = 3;
/** What a client says first: the version, and 1536 bytes of its choice. */
const GREETING = Buffer.concat([Buffer.from([RTMP_VERSION]), Buffer.alloc(1536)]);
/** A header of the PROXY protocol, version 2, of one that speaks for itself (LOCAL). */
const PROXY_HEADER = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

export interface ReachTarget {
  readonly host: string;
  readonly port: number;
  /** With it, TLS is spoken, for this name. */
  readonly serverName?: string | undefined;
  /** PEM file of an authority that is trusted beside the public ones, where there is such a file. */
  readonly caPath?: string | undefined;
  /**
   * Recorders want the header of a proxy, and the cluster's network may lead past the proxy that sends it: one of our own
   * is tried as well. Only without TLS.
   */
  readonly mayBypassProxy?: boolean;
}

/** Finds out whether a recorder answers there: undefined when one does, else why not, alike from try to try. */
export type Reach = (target: ReachTarget) => Promise<string | undefined>;

/**
 * Goes the way of a publisher, as far as its first greeting: a load balancer may take the connection long before
 * anybody stands behind it.
 *
 * @param options.answerMs milliseconds to wait for the answer; 2000 unless told
 */
export function rtmpReach({ answerMs = ANSWER_MS }: { answerMs?: number } = {}): Reach {
  return async (target) => {
    if (target.mayBypassProxy === true) {
      const trouble = await greet(target, Buffer.concat([PROXY_HEADER, GREETING]), answerMs);
      if (trouble === undefined) return undefined;
    }
    return await greet(target, GREETING, answerMs);
  };
}

/** Undefined when a recorder answers to the greeting, else why not. */
async function greet(target: ReachTarget, greeting: Buffer, answerMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = await open(target, () => socket.write(greeting));
  const timer = setTimeout(() => resolve(`no answer within ${answerMs / 1000} s`), answerMs);
  socket.once('data', ([version]: Buffer) =>
    resolve(version === RTMP_VERSION ? undefined : 'what answers does not speak RTMP'),
  );
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  socket.once('close', () => resolve('the connection is closed without an answer'));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function open(target: ReachTarget, onOpen: () => void): Promise<Socket> {
  const { host, port, serverName, caPath } = target;
  if (serverName === undefined) return connectTcp({ host, port }, onOpen);
  const own = caPath === undefined ? undefined : await readIfThere(caPath);
  const ca = own === undefined ? undefined : [...rootCertificates, own];
  return connectTls({ host, port, servername: serverName, ...(ca && { ca }) }, onOpen);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
