import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { defineRoute } from '../route.ts';

export const stopRecording = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/recording/stop',
  summary: 'Stops recording a meeting.',
  access: 'user',
  body: emptyBodySchema,
  query: noQuerySchema,
  handle: async ({ recordings }, { caller, meetingId, log }) => {
    const stopped = await recordings.stopRecording({ meetingId, userId: caller.userId });
    log.info({ recordingId: stopped.recording.recordingId }, 'recording stopped');
    return { status: 202, body: stopped };
  },
});
