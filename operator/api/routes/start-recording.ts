import { noQuerySchema, startBodySchema } from '../request-schemas.ts';
import { startedSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';
import { invalidRequest } from '../validate.ts';

export const startRecording = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/recording/start',
  name: 'startRecording',
  summary: 'Starts recording a meeting.',
  access: 'user',
  action: 'start',
  isIdempotent: true,
  body: startBodySchema,
  query: noQuerySchema,
  responses: { 202: { description: 'The recording starts.', schema: startedSchema } },
  errors: [
    'not-host',
    'recording-disabled',
    'meeting-not-found',
    'already-recording',
    'meeting-ended',
    'recording-refused',
    'idempotency-key-reused',
    'queue-full',
    'cluster-unavailable',
  ],
  handle: async (context, { caller, meetingId, body: options, idempotencyKey, log }) => {
    const { maxDuration, recordings } = context;
    if (options.maxDuration !== undefined && options.maxDuration > maxDuration) {
      throw invalidRequest([{ field: '/maxDuration', message: `must be at most ${maxDuration} seconds` }]);
    }
    const started = await recordings.startRecording({
      meetingId,
      userId: caller.userId,
      options,
      idempotencyKey,
    });
    log.info({ recordingId: started.recording.recordingId }, 'recording started');
    // The stream key may be in it.
    return { status: 202, body: started, headers: { 'Cache-Control': 'no-store' } };
  },
});
