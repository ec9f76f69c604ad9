import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { recordingAnswerSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const stopRecording = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/recording/stop',
  name: 'stopRecording',
  summary: 'Stops recording a meeting.',
  access: 'user',
  action: 'stop',
  isIdempotent: true,
  body: emptyBodySchema,
  query: noQuerySchema,
  responses: { 202: { description: 'The recording stops.', schema: recordingAnswerSchema } },
  errors: ['not-host', 'meeting-not-found', 'nothing-to-stop', 'cluster-unavailable'],
  handle: async ({ recordings }, { caller, meetingId, idempotencyKey, log }) => {
    const { userId } = caller;
    const stopped = await recordings.stopRecording({ meetingId, userId, idempotencyKey });
    log.info({ recordingId: stopped.recording.recordingId }, 'recording stopped');
    return { status: 202, body: stopped };
  },
});
