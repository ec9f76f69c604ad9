import { legalHoldBodySchema, noQuerySchema } from '../request-schemas.ts';
import { legalHoldSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const setLegalHold = defineRoute({
  method: 'put',
  path: '/meetings/:meetingId/recordings/:recordingId/legal-hold',
  name: 'setLegalHold',
  summary: "Keeps a recording's file from being removed by retention, or lets it be removed again.",
  access: 'service',
  body: legalHoldBodySchema,
  query: noQuerySchema,
  responses: { 200: { description: 'As it now stands.', schema: legalHoldSchema } },
  errors: ['scope-missing', 'meeting-not-found', 'recording-not-found', 'file-gone'],
  handle: async ({ archive }, { meetingId, recordingId, body, log }) => {
    const { legalHold } = body;
    await archive.setLegalHold({ meetingId, recordingId, legalHold });
    log.info({ recordingId, legalHold }, 'legal hold');
    return { status: 200, body: { meetingId, recordingId, legalHold } };
  },
});
