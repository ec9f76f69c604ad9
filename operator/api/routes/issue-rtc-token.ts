import { isService } from '../authentication.ts';
import { ProblemError } from '../problem.ts';
import { noQuerySchema, rtcTokenBodySchema } from '../request-schemas.ts';
import { rtcTokenSchema } from '../response-schemas.ts';
import { defineRoute } from '../route.ts';

export const issueRtcToken = defineRoute({
  method: 'post',
  path: '/meetings/:meetingId/rtc-token',
  name: 'issueRtcToken',
  summary: "A token with which a participant's Agora SDK joins the meeting's channel.",
  access: 'user',
  body: rtcTokenBodySchema,
  query: noQuerySchema,
  responses: { 201: { description: 'The token.', schema: rtcTokenSchema } },
  errors: ['not-participant', 'meeting-not-found', 'meeting-ended', 'not-agora', 'rtc-tokens-off'],
  handle: async ({ recordings, rtcTokens, now }, { caller, meetingId, body, log }) => {
    if (rtcTokens === undefined) {
      throw new ProblemError(
        'rtc-tokens-off',
        'RTC tokens are not set up here: the API needs AGORA_APP_ID and AGORA_APP_CERTIFICATE.',
      );
    }
    const { uid, role, expiresIn } = body;
    // A backend asks for whoever it wants to let in.
    const userId = isService(caller) ? undefined : caller.userId;
    const channel = await recordings.channelOf({ meetingId, userId });
    if (channel === undefined)
      throw new ProblemError('not-agora', 'The meeting has no Agora channel that one could join.');
    const expiresAt = new Date(now().getTime() + expiresIn * 1000);
    const token = rtcTokens.make({ channel, uid, role, expiresInSeconds: expiresIn });
    log.info({ uid, role, channel }, 'RTC token issued');
    return {
      status: 201,
      body: { token, expiresAt, appId: rtcTokens.appId, channel, uid, role },
      headers: { 'Cache-Control': 'no-store' },
    };
  },
});
