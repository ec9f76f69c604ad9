import { raw, Router } from 'express';
import type { RequestHandler } from 'express';
import type { AgoraEvent, AgoraNotification } from '../agora/notifications.ts';
import { parseNotification } from '../agora/notifications.ts';
import { isSignedByAgora } from '../agora/webhook-signature.ts';
import { NEWS_MS } from '../meetings/channel-watch.ts';
import type { ChannelWatch } from '../meetings/channel-watch.ts';
import type { ApiContext } from './context.ts';
import { ProblemError } from './problem.ts';
import { atRoute, localsOf } from './request-context.ts';

const MAX_BODY_BYTES = 100_000;
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
    const { event, deduplicationKey: key, notifiedAt } = notification;
    // One that was caught and is sent again, signature and all; what it tells was acted on when it was new.
    const isOld = Math.abs(context.now().getTime() - notifiedAt.getTime()) > NEWS_MS;
    log.info({ event, key, isOld }, 'notification from Agora');
    if (!isOld) await heed(context.channels, event);
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
async function heed(channels: ChannelWatch, event: AgoraEvent): Promise<void> {
  switch (event.kind) {
    case 'participantJoined':
    case 'participantLeft': {
      const { channel, uid, order, at, role } = event;
      const isIn = event.kind === 'participantJoined';
      return await channels.noted({ channel, uid, order, at, isIn, sends: role !== 'audience' });
    }
    case 'channelCreated':
      return await channels.opened(event.channel, event.at);
    case 'channelDestroyed':
      return await channels.destroyed(event.channel, event.at);
    case 'converterState': {
      const { converterId, state } = event;
      return state === 'failed' ? await channels.pushEnded({ is: 'failed', converterId }) : undefined;
    }
    case 'converterDestroyed': {
      const { converterId, name, destroyReason: reason } = event;
      return await channels.pushEnded({ is: 'destroyed', converterId, name, reason });
    }
    case 'other':
      return undefined;
  }
}
