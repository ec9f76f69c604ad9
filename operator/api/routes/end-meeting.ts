import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { recordingAnswerSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const endMeeting = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/end',
  name: 'endMeeting',
  summary: 'Tells that a meeting has ended: what is being recorded of it stops.',
  access: 'service',
  body: emptyBodySchema,
  query: noQuerySchema,
  responses: { 200: { description: 'What was being recorded stops.', schema: recordingAnswerSchema } },
  errors: ['scope-missing', 'meeting-not-found', 'cluster-unavailable'],
  handle: async ({ meetings, recordings }, { meetingId }) => {
    // First, so that none is started in between.
    await meetings.end(meetingId);
    const stopped = await recordings.meetingEnded(meetingId);
    return { status: 200, body: stopped };
  },
});
