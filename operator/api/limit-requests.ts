import type { RequestHandler, Response } from 'express';
import type { ApiContext } from './context.ts';
import { ProblemError } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import type { Rate } from './rate-limit.ts';

/** Undefined: no limit of this kind. */
export interface RateLimits {
  readonly user: Rate | undefined;
  readonly address: Rate | undefined;
}

/** Refuses what comes too fast from one address, before anything else is done about it. */
export function limitByAddress(context: ApiContext): RequestHandler {
  const limit = limitOf(context, 'address');
  return (request, response, next) => {
    if (limit !== undefined) heed(limit, 'address', addressKey(request.ip ?? ''), response);
    next();
  };
}

/** Refuses what comes too fast from one user; backends, who speak for many, are not counted. */
export function userLimit(context: ApiContext): (userId: string, response: Response) => void {
  const limit = limitOf(context, 'user');
  return (userId, response) => {
    if (limit !== undefined) heed(limit, 'user', userId, response);
  };
}

function limitOf({ rateLimits }: ApiContext, name: keyof RateLimits): RateLimit | undefined {
  const rate = rateLimits[name];
  return rate === undefined ? undefined : new RateLimit({ rate, now: () => performance.now() });
}

/** Headers as draft-ietf-httpapi-ratelimit-headers-10 has them. Throws ProblemError `rate-limited`. */
function heed(limit: RateLimit, name: keyof RateLimits, key: string, response: Response): void {
  const { isAllowed, remaining, retryAfterSeconds } = limit.take(key);
  const { burst, perSecond } = limit.rate;
  response.setHeader('RateLimit-Policy', `"${name}";q=${burst};w=${Math.ceil(burst / perSecond)}`);
  response.setHeader('RateLimit', `"${name}";r=${remaining};t=${retryAfterSeconds}`);
  if (isAllowed) return;
  throw new ProblemError(
    'rate-limited',
    `Too many requests from this ${name}: wait ${retryAfterSeconds} s.`,
    {
      headers: { 'Retry-After': String(retryAfterSeconds) },
    },
  );
}

/** Whoever has one address of IPv6 most often has the whole /64. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
