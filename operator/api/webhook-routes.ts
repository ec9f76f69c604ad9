import { raw, Router } from 'express';
import type { RequestHandler } from 'express';
import type { AgoraNotification } from '../agora/notifications.ts';
import { parseNotification } from '../agora/notifications.ts';
import { isSignedByAgora } from '../agora/webhook-signature.ts';
import { RecordingError } from '../meetings/errors.ts';
import type { ApiContext } from './context.ts';
import { ProblemError } from './problem.ts';
import { atRoute, localsOf } from './request-context.ts';

const MAX_BODY_BYTES = 100_000;
/** A meeting is not recorded because of news older than this, in milliseconds: Agora's own retries end long before. */
const NEWS_MS = 10 * 60 * 1000;
/** What a start may be refused with that asking again would not change. */
const SETTLED = new Set(['already-recording', 'recording-disabled', 'recording-refused', 'meeting-ended']);

/** POST /webhooks/agora: what Agora's Notification Center tells of channels. */
export function webhookRoutes(context: ApiContext, base: string): Router {
  const router = Router();
  const path = '/webhooks/agora';
  router.post(
    path,
    atRoute(base + path),
    raw({ type: () => true, limit: MAX_BODY_BYTES }),
    received(context),
  );
  return router;
}

function received(context: ApiContext): RequestHandler {
  return async (request, response) => {
    const body: unknown = request.body;
    const notification = verified(context, Buffer.isBuffer(body) ? body : Buffer.alloc(0), {
      v1: request.get('Agora-Signature'),
      v2: request.get('Agora-Signature-V2'),
    });
    const { log } = localsOf(response);
    log.info({ event: notification.event, key: notification.deduplicationKey }, 'notification from Agora');
    await heed(context, notification);
    response.json({ received: true });
  };
}

function verified(
  context: ApiContext,
  body: Buffer,
  signatures: { v1: string | undefined; v2: string | undefined },
): AgoraNotification {
  if (!isSignedByAgora(body, signatures, context.agoraWebhookSecret ?? '')) {
    throw new ProblemError(
      'signature-invalid',
      "The signature does not match the body: is AGORA_WEBHOOK_SECRET the Notification Center's secret?",
    );
  }
  try {
    return parseNotification(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new ProblemError('malformed-request', 'The body is not a notification of Agora.', { cause: error });
  }
}

/** Notifications come late, twice and out of order: whatever is done here may be done again. */
async function heed(context: ApiContext, notification: AgoraNotification): Promise<void> {
  const { meetings, presence, recordings } = context;
  const { event, notifiedAt, deduplicationKey } = notification;
  if (event.kind === 'participantJoined' || event.kind === 'participantLeft') {
    const { channel, uid, order, at } = event;
    await presence.note({ channel, uid, order, at, isIn: event.kind === 'participantJoined' });
  }
  if (event.kind === 'channelDestroyed') {
    await presence.forget(event.channel);
    for (const { _id } of await meetings.inChannel(event.channel)) {
      await recordings.meetingEnded(_id, { startedBefore: event.at });
    }
  }
  if (event.kind === 'channelCreated' && context.now().getTime() - notifiedAt.getTime() < NEWS_MS) {
    for (const { _id: meetingId, host, recording } of await meetings.inChannel(event.channel)) {
      if (!recording.autoStart) continue;
      await recordings
        .startRecording({ meetingId, userId: host, idempotencyKey: `agora/${deduplicationKey}` })
        .catch(unlessSettled);
    }
  }
}

function unlessSettled(error: unknown): void {
  if (error instanceof RecordingError && SETTLED.has(error.code)) return;
  throw error;
}
