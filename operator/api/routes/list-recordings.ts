import type { RecordingDocument } from '../../meetings/recording.ts';
import { emptyBodySchema, listQuerySchema } from '../request-schemas.ts';
import { listSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const listRecordings = defineRoute({
  method: 'get',
  path: '/meetings/:meetingId/recordings',
  name: 'listRecordings',
  summary: 'Every recording of a meeting, latest first.',
  access: 'user',
  body: emptyBodySchema,
  query: listQuerySchema,
  responses: { 200: { description: 'A page of recordings.', schema: listSchema } },
  errors: ['not-host', 'meeting-not-found', 'recording-not-found'],
  handle: async (context, { caller, meetingId, query }) => {
    const { recordings, next } = await context.archive.listRecordings({
      meetingId,
      userId: caller.userId,
      ...query,
    });
    return { status: 200, body: { recordings: recordings.map(entry), next } };
  },
});

function entry(record: RecordingDocument): Record<string, unknown> {
  return {
    recordingId: record._id,
    status: record.status,
    reason: record.reason,
    requestedBy: record.requestedBy,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    stoppedAt: record.stoppedAt,
    completedAt: record.completedAt,
    duration: record.duration,
    fileUrl: record.fileUrl,
    fileKey: record.fileKey,
    fileSize: record.fileSize,
    takes: Math.max(record.files.length, record.fileKey === null ? 0 : 1),
    legalHold: record.legalHold ?? false,
    deletedAt: record.deletedAt ?? null,
    format: record.format,
    resolution: record.resolution,
    fps: record.fps,
    bitrate: record.bitrate,
    error: record.error,
    complete: record.complete ?? null,
    missingSeconds: record.missingSeconds ?? null,
  };
}
