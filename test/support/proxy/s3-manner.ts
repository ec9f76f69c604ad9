import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Service } from '../s3-server.ts';

/** What is asked of the server. */
export interface S3Request {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a proxy does with one request in place of handing it on, or with its answer. */
export interface Manner {
  /** Answered by the proxy: the server hears nothing of it. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body: string;
  };
  /** Bytes of the body that go on each second. Default: as fast as it can. */
  readonly bytesPerSecond?: number;
  /** Changes a piece of the body on its way. */
  readonly corrupt?: (bytes: Buffer) => Buffer;
  /** Changes the answer's headers. */
  readonly rewrite?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Changes the answer's status. */
  readonly rewriteStatus?: (status: number) => number;
  /** Once the server has answered, before the answer goes on. Returns a body for it, or undefined for the server's. */
  readonly afterwards?: () => Promise<string | undefined>;
}

/** Hands a request on, and its answer back, in this manner. */
export async function passOn(
  s3: S3Service,
  exchange: {
    readonly incoming: IncomingMessage;
    readonly response: ServerResponse;
    readonly manner: Manner;
  },
): Promise<void> {
  const { incoming, response, manner } = exchange;
  const { answer, bytesPerSecond = Infinity, corrupt, rewrite, rewriteStatus, afterwards } = manner;
  if (answer !== undefined) {
    incoming.resume();
    response.writeHead(answer.status, { 'content-type': 'application/xml', ...answer.headers });
    response.end(answer.body);
    return;
  }
  const upstream = requestTo(s3, incoming);
  response.on('close', () => upstream.destroy());
  const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    upstream.write(corrupt === undefined ? chunk : corrupt(chunk));
    if (bytesPerSecond < Infinity) await sleep((chunk.length / bytesPerSecond) * 1000);
  }
  upstream.end();
  const [reply] = await answered;
  const { statusCode = 502 } = reply;
  const status = rewriteStatus?.(statusCode) ?? statusCode;
  const replyHeaders = rewrite?.(reply.headers) ?? reply.headers;
  if (afterwards === undefined) {
    response.writeHead(status, replyHeaders);
    reply.pipe(response);
    await once(reply, 'end');
    return;
  }
  const body = await text(reply);
  const changed = (await afterwards()) ?? body;
  const { 'content-length': _, 'transfer-encoding': __, ...others } = replyHeaders;
  response.writeHead(status, others);
  response.end(changed);
}

/** The same request to the server, with its headers as they are: its signature covers them, the host's name included. */
export function requestTo(s3: S3Service, incoming: IncomingMessage): ClientRequest {
  const { hostname, port } = new URL(s3.endpoint);
  const { method, url: path, headers } = incoming;
  const upstream = request({ hostname, port, method, path, headers, agent: false });
  incoming.on('error', () => upstream.destroy());
  // Whoever waits for its answer is told.
  upstream.on('error', () => undefined);
  return upstream;
}
