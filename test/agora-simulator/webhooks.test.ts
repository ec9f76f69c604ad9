import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNotification } from '../../operator/agora/notifications.ts';
import { isSignedByAgora } from '../../operator/agora/webhook-signature.ts';
import { type AgoraSimulator, startAgoraSimulator } from './start.ts';

const SECRET = 'webhook-secret';
const PATIENCE = { timeout: 20_000, interval: 20 };

let receiver: Server;
let simulator: AgoraSimulator;
let received: { key: string; kind: string; signed: boolean }[];
/** Statuses of the next answers; then 200. */
let answers: number[];

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    void buffer(request).then((body) => {
      const header = (name: string) => String(request.headers[name]);
      const v1 = isSignedByAgora(body, { v1: header('agora-signature') }, SECRET);
      const v2 = isSignedByAgora(body, { v2: header('agora-signature-v2') }, SECRET);
      const { deduplicationKey: key, event } = parseNotification(JSON.parse(body.toString()));
      received.push({ key, kind: event.kind, signed: v1 && v2 });
      response.writeHead(answers.shift() ?? 200, { 'Content-Type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  simulator = await startAgoraSimulator({ webhook: { url, secret: SECRET }, webhookRetryWaitsMs: [1, 1, 1] });
});

afterEach(async () => {
  await simulator[Symbol.asyncDispose]();
  receiver.close();
  receiver.closeAllConnections();
});

async function untilReceived(count: number): Promise<void> {
  await expect.poll(() => received.length, PATIENCE).toBeGreaterThanOrEqual(count);
}

describe('notifications', () => {
  it('tell, signed both ways, who comes and goes from the first to the last', async () => {
    simulator.channels.set('c', [{ uid: 1, name: 'Ada' }]);
    await untilReceived(2);
    simulator.channels.set('c', []);
    await untilReceived(4);
    // Each travels on its own, so they may overtake one another.
    expect(received.map((it) => it.kind).sort()).toEqual([
      'channelCreated',
      'channelDestroyed',
      'participantJoined',
      'participantLeft',
    ]);
    expect(received.every((it) => it.signed)).toBe(true);
  });

  it('come again until they are taken, three times at most', async () => {
    answers = [500, 503, 500, 500, 500, 500];
    simulator.notifier.notify(1, 101, { channelName: 'c', ts: 1 }, {});
    await expect.poll(() => simulator.notifier.sent[0]?.answers, PATIENCE).toEqual([500, 503, 500, 500]);
  });

  it('come twice, or not at all, when that was arranged', async () => {
    simulator.faults.replace([
      { match: { operation: 'webhook', eventType: 101 }, fault: { kind: 'duplicate' } },
      { match: { operation: 'webhook', eventType: 102 }, fault: { kind: 'lose' } },
    ]);
    simulator.notifier.notify(1, 102, { channelName: 'c', ts: 1 }, {});
    simulator.notifier.notify(1, 101, { channelName: 'c', ts: 1 }, {});
    await untilReceived(2);
    expect(received.map((it) => it.kind)).toEqual(['channelCreated', 'channelCreated']);
    expect(received[0]?.key).toBe(received[1]?.key);
    expect(simulator.notifier.sent[0]).toMatchObject({ fault: 'lose', answers: [] });
  });
});
