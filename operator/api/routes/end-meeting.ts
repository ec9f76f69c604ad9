import { emptyBodySchema, noQuerySchema } from '../request-schemas.ts';
import { defineRoute } from '../route.ts';

export const endMeeting = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/end',
  summary: 'Tells that a meeting has ended: what is being recorded of it stops.',
  access: 'service',
  body: emptyBodySchema,
  query: noQuerySchema,
  handle: async ({ meetings, recordings }, { meetingId }) => {
    const stopped = await recordings.meetingEnded(meetingId);
    await meetings.end(meetingId);
    return { status: 200, body: stopped };
  },
});
