import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Server, S3Service } from '../s3-server.ts';
import { passOn, requestTo } from './s3-manner.ts';
import type { Manner, S3Request } from './s3-manner.ts';

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
export interface S3Behaviour {
  /** Undefined lets everything pass. */
  setFault: (fault: S3Fault | undefined) => void;
  /** How requests are treated while there is no fault; undefined hands one on as it is. */
  setManner: (manner: (request: S3Request) => Manner | undefined) => void;
  /** Called as each request comes in, before anything is done with it; counted from 1. */
  onRequest: (listener: RequestListener) => void;
}

export type S3Proxy = S3Server & S3Behaviour;

export async function startS3Proxy<Server extends S3Service>(s3: Server): Promise<Server & S3Behaviour> {
  let fault: S3Fault | undefined;
  let lifted = Promise.withResolvers<void>();
  let count = 0;
  let mannerOf: (request: S3Request) => Manner | undefined = () => undefined;
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
        return await passOn(s3, { incoming, response, manner: {} });
      case 'reset-midway':
        return await passHalf(s3, incoming);
      case 'lose-answer':
        return await passWithoutAnswer(s3, incoming);
      case undefined: {
        const { method = '', url = '', headers } = incoming;
        return await passOn(s3, { incoming, response, manner: mannerOf({ method, url, headers }) ?? {} });
      }
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
    setManner: (next) => {
      mannerOf = next;
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

async function passHalf(s3: S3Service, incoming: IncomingMessage): Promise<void> {
  const upstream = requestTo(s3, incoming);
  const half = Number(incoming.headers['content-length'] ?? 0) / 2;
  let seen = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    seen += chunk.length;
    upstream.write(chunk);
    if (seen >= half) break;
  }
  upstream.destroy();
  incoming.socket.resetAndDestroy();
}

async function passWithoutAnswer(s3: S3Service, incoming: IncomingMessage): Promise<void> {
  const upstream = requestTo(s3, incoming);
  const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  incoming.pipe(upstream);
  const [answer] = await answered;
  answer.resume();
  await once(answer, 'end');
  incoming.socket.resetAndDestroy();
}
