import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import type { FuzzedRequest } from '../api-client/request-draft.ts';
import { call, JWT_SECRET, RECORDING_TOKEN_SECRET, STREAM_KEY_SECRET, WEBHOOK_SECRET } from './api-world.ts';

export const APP_CERTIFICATE = '5cfd2fd1755d40ecb72977518be15d3b';
/** Requests that are under way at a time. */
const AT_ONCE = 8;
/** What may never be in an answer: secrets, and the inner workings of what is behind the API. */
const SECRETS = [
  JWT_SECRET,
  STREAM_KEY_SECRET,
  RECORDING_TOKEN_SECRET,
  WEBHOOK_SECRET,
  APP_CERTIFICATE,
  'the-hidden-host',
  'node_modules',
  'MongoServerError',
  'MongooseError',
  'CastError',
  '.ts:',
];

export interface Tally {
  readonly statuses: Map<number, number>;
  /** Operations that were met with a success. */
  readonly met: Set<string>;
  sent: number;
}

/** Sends requests and holds every answer against the document: never 5xx, and nothing that nobody is to know. */
export async function sendAll(
  origin: string,
  requests: Iterator<{ request: FuzzedRequest; token: string | undefined }>,
  tally: Tally,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = requests.next(); next.done !== true; next = requests.next()) {
      const { request, token } = next.value;
      const { method, path, body, operationId } = request;
      const said = `${method} ${path} ${body ?? ''}`;
      const reply = await call(method, origin + path, {
        headers: { ...request.headers, ...signed(operationId, body) },
        ...(token === undefined ? {} : { token }),
        ...(body === undefined ? {} : { body }),
      });
      expect(reply.status, said).toBeLessThan(500);
      const text = JSON.stringify(reply.body);
      // What was sent may come back, as the meeting's own fields do.
      const leaked = SECRETS.filter((secret) => text.includes(secret) && !said.includes(secret));
      expect(leaked, said).toEqual([]);
      tally.statuses.set(reply.status, (tally.statuses.get(reply.status) ?? 0) + 1);
      tally.sent += 1;
      if (reply.status < 400) tally.met.add(operationId);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export const newTally = (): Tally => ({ statuses: new Map(), met: new Set(), sent: 0 });

function signed(operationId: string, body: string | undefined): Record<string, string> {
  if (operationId !== 'receiveAgoraNotification' || body === undefined) return {};
  return { 'Agora-Signature-V2': createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex') };
}
