import { expect } from 'vitest';
import { ERROR_CODES, isErrorCode } from '../../operator/api/error-codes.ts';
import type { Reply } from './api-world.ts';

/** Every refusal has this form, whatever it is about. */
export function expectProblem(reply: Reply, status: number, code: string): void {
  expect(reply.body).toMatchObject({ status, code, type: `urn:meetrec:error:${code}` });
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(reply.body['requestId']).toBe(reply.headers.get('x-request-id'));
  expect(isErrorCode(code) && ERROR_CODES[code].status).toBe(status);
  expect(String(reply.body['detail'])).not.toBe('');
}
