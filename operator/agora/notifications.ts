import * as z from 'zod';
import { converterState } from './converter-state.ts';
import type { ConverterState } from './converter.ts';

/** What a notification tells, whatever product of Agora's it comes from. */
export type AgoraEvent =
  | { kind: 'channelCreated'; channel: string; at: Date }
  /** May come more than once for one end. */
  | { kind: 'channelDestroyed'; channel: string; at: Date }
  | {
      kind: 'participantJoined' | 'participantLeft';
      channel: string;
      uid: string;
      role: ParticipantRole;
      at: Date;
      order: number;
    }
  | { kind: 'converterState'; converterId: string; state: ConverterState; at: Date }
  | {
      kind: 'converterDestroyed';
      converterId: string;
      name?: string;
      channel?: string;
      destroyReason: string;
      at: Date;
    }
  /** Nothing that a recording depends on, such as Agora's own recorder coming and going. */
  | { kind: 'other' };

/** Whether one sends media (broadcaster, communication) or only watches (audience). */
export type ParticipantRole = 'broadcaster' | 'audience' | 'communication';

export interface AgoraNotification {
  /** The same for each delivery of one notification. */
  deduplicationKey: string;
  productId: number;
  eventType: number;
  notifiedAt: Date;
  event: AgoraEvent;
}

const RTC = 1;
const MEDIA_PUSH = 5;
const LINUX_PLATFORM = 6;
const AGORA_CLIENT_TYPES = new Set([3, 10]);

/** The last moment of the year 9999, in Unix milliseconds: what lies beyond is no date to a database. */
const LAST_MS = 253_402_300_799_999;

const envelope = z.object({
  noticeId: z.string().min(1).max(200),
  productId: z.int(),
  eventType: z.int(),
  notifyMs: z.int().nonnegative().max(LAST_MS),
  payload: z.record(z.string(), z.unknown()).default({}),
});

const seconds = z
  .number()
  .min(0)
  .max(LAST_MS / 1000)
  .transform((unixSeconds) => new Date(unixSeconds * 1000));
const uid = z.union([z.string(), z.number()]).transform(String);
const channelEvent = z.object({ channelName: z.string().min(1), ts: seconds });
const participantEvent = channelEvent.extend({
  uid,
  platform: z.number().optional(),
  clientType: z.number().optional(),
  clientSeq: z.number().default(0),
});
const milliseconds = z
  .number()
  .min(0)
  .max(LAST_MS)
  .transform((unixMs) => new Date(unixMs));
const converterEvent = z.object({
  lts: milliseconds.optional(),
  destroyReason: z.string().default(''),
  converter: z.object({
    id: z.string().min(1),
    name: z.string().optional(),
    state: z.string().default(''),
    transcodeOptions: z.object({ rtcChannel: z.string().optional() }).optional(),
    rawOptions: z.object({ rtcChannel: z.string().optional() }).optional(),
  }),
});

/**
 * Reads a notification of Agora's Notification Center, whose signature has been verified.
 *
 * @param body the parsed JSON
 * @throws ZodError when it is none, or an event that we know lacks what it must have
 */
export function parseNotification(body: unknown): AgoraNotification {
  const { noticeId, productId, eventType, notifyMs, payload } = envelope.parse(body);
  const notifiedAt = new Date(notifyMs);
  return {
    deduplicationKey: `${noticeId}/${notifyMs}`,
    productId,
    eventType,
    notifiedAt,
    event: eventOf(productId, eventType, payload, notifiedAt),
  };
}

function eventOf(productId: number, eventType: number, payload: unknown, notifiedAt: Date): AgoraEvent {
  if (productId === RTC) return rtcEvent(eventType, payload);
  if (productId === MEDIA_PUSH) return mediaPushEvent(eventType, payload, notifiedAt);
  return { kind: 'other' };
}

function rtcEvent(eventType: number, payload: unknown): AgoraEvent {
  switch (eventType) {
    case 101:
    case 102: {
      const { channelName: channel, ts: at } = channelEvent.parse(payload);
      return { kind: eventType === 101 ? 'channelCreated' : 'channelDestroyed', channel, at };
    }
    case 103:
      return participant('participantJoined', 'broadcaster', payload);
    case 104:
      return participant('participantLeft', 'broadcaster', payload);
    case 105:
      return participant('participantJoined', 'audience', payload);
    case 106:
      return participant('participantLeft', 'audience', payload);
    case 107:
      return participant('participantJoined', 'communication', payload);
    case 108:
      return participant('participantLeft', 'communication', payload);
    // A change of role tells, too, that they are there.
    case 111:
      return participant('participantJoined', 'broadcaster', payload);
    case 112:
      return participant('participantJoined', 'audience', payload);
    default:
      return { kind: 'other' };
  }
}

function participant(
  kind: 'participantJoined' | 'participantLeft',
  role: ParticipantRole,
  payload: unknown,
): AgoraEvent {
  const it = participantEvent.parse(payload);
  const isAgoraItself =
    it.platform === LINUX_PLATFORM && it.clientType !== undefined && AGORA_CLIENT_TYPES.has(it.clientType);
  if (isAgoraItself) return { kind: 'other' };
  return { kind, channel: it.channelName, uid: it.uid, role, at: it.ts, order: it.clientSeq };
}

function mediaPushEvent(eventType: number, payload: unknown, notifiedAt: Date): AgoraEvent {
  if (eventType !== 3 && eventType !== 4) return { kind: 'other' };
  const { converter, lts, destroyReason } = converterEvent.parse(payload);
  const at = lts ?? notifiedAt;
  if (eventType === 3)
    return { kind: 'converterState', converterId: converter.id, state: converterState(converter.state), at };
  const channel = converter.transcodeOptions?.rtcChannel ?? converter.rawOptions?.rtcChannel;
  return {
    kind: 'converterDestroyed',
    converterId: converter.id,
    ...(converter.name !== undefined && { name: converter.name }),
    ...(channel !== undefined && { channel }),
    destroyReason,
    at,
  };
}
