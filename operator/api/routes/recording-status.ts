import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { statusSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const recordingStatus = defineRoute({
  method: 'get',
  path: '/meetings/:meetingId/recording/status',
  name: 'getRecordingStatus',
  summary: "A meeting's recording, with live figures while it is active.",
  access: 'user',
  action: 'status',
  body: emptyBodySchema,
  query: noQuerySchema,
  responses: { 200: { description: 'The recording as it is.', schema: statusSchema } },
  errors: ['not-participant', 'meeting-not-found'],
  handle: async ({ recordings }, { caller, meetingId }) => ({
    status: 200,
    body: await recordings.getRecordingStatus({ meetingId, userId: caller.userId }),
    headers: { 'Cache-Control': 'no-store' },
  }),
});
