import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { defineRoute } from '../route.ts';

export const recordingStatus = defineRoute({
  method: 'get',
  path: '/meetings/:meetingId/recording/status',
  summary: "A meeting's recording, with live figures while it is active.",
  access: 'user',
  body: emptyBodySchema,
  query: noQuerySchema,
  handle: async ({ recordings }, { caller, meetingId }) => ({
    status: 200,
    body: await recordings.getRecordingStatus({ meetingId, userId: caller.userId }),
    headers: { 'Cache-Control': 'no-store' },
  }),
});
