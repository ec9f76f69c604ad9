import { createHash, createHmac } from 'node:crypto';
import type { RecordingEvent } from './recording-events.ts';
import type { RecordingDocument } from './recording.ts';

/** The body of a webhook: docs/reference/webhooks.md. Nothing in it gives access to anything. */
export interface WebhookMessage {
  /** The same at every delivery. */
  readonly id: string;
  readonly type: RecordingEvent;
  /** When it was noticed. */
  readonly createdAt: string;
  readonly meetingId: string;
  readonly recordingId: string;
  readonly recording: Readonly<Record<string, string | number | boolean | null>>;
}

const ID_LENGTH = 32;

export function webhookMessage(record: RecordingDocument, type: RecordingEvent, now: Date): WebhookMessage {
  return {
    id: messageId(record, type),
    type,
    createdAt: now.toISOString(),
    meetingId: record.meetingId,
    recordingId: record._id,
    recording: {
      status: record.status,
      reason: record.reason,
      requestedBy: record.requestedBy,
      startedAt: record.startedAt?.toISOString() ?? null,
      stoppedAt: record.stoppedAt?.toISOString() ?? null,
      completedAt: record.completedAt?.toISOString() ?? null,
      deletedAt: record.deletedAt?.toISOString() ?? null,
      duration: record.duration,
      fileSize: record.fileSize,
      format: record.format,
      error: record.error,
      complete: record.complete ?? null,
      missingSeconds: record.missingSeconds ?? null,
    },
  };
}

/** The same whoever makes it, and however often: two replicas that see one change make one message of it. */
function messageId(record: RecordingDocument, type: RecordingEvent): string {
  const name = `${record.cluster}/${record._id}/${record.uid ?? ''}/${type}`;
  return `evt_${createHash('sha256').update(name).digest('hex').slice(0, ID_LENGTH)}`;
}

/**
 * The header Meetrec-Signature: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA-256 of `SECONDS.BODY`.
 *
 * @param body as it is sent, byte for byte
 */
export function webhookSignature(secret: string, body: string, now: Date): string {
  const timestamp = Math.floor(now.getTime() / 1000);
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `t=${timestamp},v1=${digest}`;
}
