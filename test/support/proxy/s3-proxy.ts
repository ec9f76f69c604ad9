import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server } from '../s3-server.ts';

export const S3_FAULTS = [
  /** The connection is reset before anything is answered. */
  'refuse',
  /** No answer, until the fault is lifted; then a reset. */
  'hang',
  /** Everything arrives late. */
  'slow',
  '500',
  '503',
  /** Half of the body arrives at the server, then both sides see a reset. */
  'reset-midway',
  /** The server does what was asked, and the answer is lost. */
  'lose-answer',
] as const;
export type S3Fault = (typeof S3_FAULTS)[number];

const SLOW_MS = 150;

/** @param request with its path as it was sent, query and all */
type RequestListener = (count: number, request: { method: string; path: string }) => void;

/** An HTTP proxy in front of an S3 server that can misbehave; it can be used wherever the server can. */
export interface S3Proxy extends S3Server {
  /** Undefined lets everything pass. */
  setFault: (fault: S3Fault | undefined) => void;
  /** Called as each request comes in, before anything is done with it; counted from 1. */
  onRequest: (listener: RequestListener) => void;
}

export async function startS3Proxy(s3: S3Server): Promise<S3Proxy> {
  let fault: S3Fault | undefined;
  let lifted = Promise.withResolvers<void>();
  let count = 0;
  let listener: RequestListener = () => undefined;
  const server = createServer((incoming, response) => {
    count += 1;
    listener(count, { method: incoming.method ?? '', path: incoming.url ?? '' });
    handle(incoming, response).catch(() => response.destroy());
  });

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    switch (fault) {
      case 'refuse':
        incoming.socket.resetAndDestroy();
        return;
      case 'hang':
        await lifted.promise;
        incoming.socket.resetAndDestroy();
        return;
      case '500':
      case '503':
        incoming.resume();
        response.writeHead(Number(fault), { 'content-type': 'application/xml', connection: 'close' });
        response.end('<Error><Code>InternalError</Code><Message>a fault for a test</Message></Error>');
        return;
      case 'slow':
        await sleep(SLOW_MS);
        return await pass(s3, incoming, response, 'all');
      case 'reset-midway':
        return await pass(s3, incoming, response, 'half');
      case 'lose-answer':
        return await pass(s3, incoming, response, 'no-answer');
      case undefined:
        return await pass(s3, incoming, response, 'all');
    }
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...s3,
    endpoint: `http://127.0.0.1:${port}`,
    setFault: (next) => {
      fault = next;
      lifted.resolve();
      lifted = Promise.withResolvers();
    },
    onRequest: (next) => {
      listener = next;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      lifted.resolve();
      await closed;
    },
  };
}

/** Hands a request on with its headers as they are: its signature covers them, the host's name included. */
async function pass(
  s3: S3Server,
  incoming: IncomingMessage,
  response: ServerResponse,
  what: 'all' | 'half' | 'no-answer',
): Promise<void> {
  const { hostname, port } = new URL(s3.endpoint);
  const { method, url: path, headers } = incoming;
  const upstream = request({ hostname, port, method, path, headers, agent: false });
  incoming.on('error', () => upstream.destroy());
  response.on('close', () => upstream.destroy());
  const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  if (what === 'half') {
    const half = Number(headers['content-length'] ?? 0) / 2;
    let seen = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      seen += chunk.length;
      upstream.write(chunk);
      if (seen >= half) break;
    }
    upstream.destroy();
    incoming.socket.resetAndDestroy();
    return;
  }
  incoming.pipe(upstream);
  const [answer] = await answered;
  if (what === 'no-answer') {
    answer.resume();
    await once(answer, 'end');
    incoming.socket.resetAndDestroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
  await once(answer, 'end');
}
