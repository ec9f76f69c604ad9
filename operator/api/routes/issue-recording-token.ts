import { isService } from '../authentication.ts';
import { ProblemError } from '../problem.ts';
import { TOKEN_LIFETIME } from '../recording-tokens.ts';
import { noQuerySchema, tokenBodySchema } from '../request-schemas.ts';
import { recordingTokenSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const issueRecordingToken = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/recording/tokens',
  name: 'issueRecordingToken',
  summary:
    'A short-lived token for one action on this meeting, to be handed to a browser or another service.',
  access: 'user',
  body: tokenBodySchema,
  query: noQuerySchema,
  responses: { 201: { description: 'The token.', schema: recordingTokenSchema } },
  errors: ['not-host', 'not-participant', 'meeting-not-found', 'scope-missing', 'recording-tokens-off'],
  handle: async ({ recordings, recordingTokens }, { caller, meetingId, body, log }) => {
    if (recordingTokens === undefined) {
      throw new ProblemError(
        'recording-tokens-off',
        'Recording tokens are not set up here: the API needs RECORDING_TOKEN_SECRET.',
      );
    }
    const { action, expiresIn = TOKEN_LIFETIME.default } = body;
    if (body.userId !== undefined && body.userId !== caller.userId && !isService(caller)) {
      throw new ProblemError(
        'scope-missing',
        'Only a backend may ask for the token of another user: leave userId out.',
      );
    }
    const { userId } = await recordings.mayDo({
      meetingId,
      action,
      userId: body.userId ?? (isService(caller) ? undefined : caller.userId),
    });
    const { token, expiresAt } = await recordingTokens.issue({ userId, meetingId, action }, expiresIn);
    log.info({ action, userId }, 'recording token issued');
    return {
      status: 201,
      body: { token, expiresAt, meetingId, action, userId },
      headers: { 'Cache-Control': 'no-store' },
    };
  },
});
