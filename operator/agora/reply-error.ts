import {
  type AgoraError,
  type AgoraErrorDetails,
  AgoraNotFoundError,
  AgoraQuotaExceededError,
  AgoraRateLimitedError,
  AgoraRejectedError,
  AgoraUnauthorizedError,
  AgoraUnavailableError,
} from './agora-error.ts';
import { errorResponse } from './responses.ts';
import { scrub } from './scrub.ts';

/** An answer that is not a success. */
export interface FailedReply {
  status: number;
  body: unknown;
  requestId?: string;
  retryAfterSeconds?: number;
}

/** Turns an answer of Agora's into what it means for the recording, by the table of status codes in the documentation. */
export function replyError(operation: string, reply: FailedReply, secrets: readonly string[]): AgoraError {
  const said = errorResponse.safeParse(reply.body);
  const reason = scrub(said.success ? (said.data ?? '') : '', secrets);
  const because = reason === '' ? '' : `: ${reason}`;
  const { status } = reply;
  const details: AgoraErrorDetails = {
    status,
    ...(reply.requestId !== undefined && { requestId: reply.requestId }),
    ...(reply.retryAfterSeconds !== undefined && { retryAfterSeconds: reply.retryAfterSeconds }),
  };

  if (status === 401 || status === 403) {
    return new AgoraUnauthorizedError(
      `Agora refused our credentials, or Media Push is not enabled for the project (${operation}, ${status})${because}`,
      details,
    );
  }
  if (status === 404)
    return new AgoraNotFoundError(`Agora knows nothing of it (${operation}, 404)${because}`, details);
  if (status === 429) {
    return /quota|resource/i.test(reason)
      ? new AgoraQuotaExceededError(
          `Agora has no room for another push (${operation}, 429)${because}`,
          details,
        )
      : new AgoraRateLimitedError(`Agora asks for fewer requests (${operation}, 429)${because}`, details);
  }
  if (status === 408 || status === 409 || status >= 500) {
    return new AgoraUnavailableError(`Agora could not do it (${operation}, ${status})${because}`, details);
  }
  return new AgoraRejectedError(`Agora refused the request (${operation}, ${status})${because}`, details);
}
