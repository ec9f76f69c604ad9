import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookMessage } from '../../operator/meetings/webhook-message.ts';

export interface Delivery {
  readonly message: WebhookMessage;
  readonly body: string;
  readonly signature: string;
  readonly eventId: string | undefined;
  /** What it was answered with. */
  readonly status: number;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Every delivery, acknowledged or not. */
  readonly deliveries: Delivery[];
}

/** A backend that takes webhooks. `answer` is given how often a message came before, and says with what status. */
export async function startReceiver(answer: (earlier: number) => number = () => 200): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const message = JSON.parse(body) as WebhookMessage;
    const earlier = deliveries.filter((delivery) => delivery.message.id === message.id).length;
    const status = answer(earlier);
    const { 'meetrec-signature': signature, 'meetrec-event-id': eventId } = request.headers;
    deliveries.push({ message, body, signature: String(signature), eventId: String(eventId), status });
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    deliveries,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** As docs/reference/webhooks.md tells receivers to. */
export function isFromMeetrec(secret: string, header: string, rawBody: string, now = Date.now()): boolean {
  const parts = header.split(',').map((part) => part.split('=') as [string, string]);
  const { t, v1 } = Object.fromEntries(parts) as { t?: string; v1?: string };
  if (!(Math.abs(now / 1000 - Number(t)) <= 300)) return false;
  const expected = createHmac('sha256', secret).update(`${t}.${rawBody}`).digest();
  const given = Buffer.from(v1 ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
