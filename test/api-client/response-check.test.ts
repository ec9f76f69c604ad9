import { describe, expect, it } from 'vitest';
import { problem } from '../../operator/api/problem.ts';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import { ResponseCheck, UndescribedResponseError } from './response-check.ts';

const check = new ResponseCheck(openApiDocument());
const answer = (status: number, body: unknown, path = '/api/v1/meetings/m-1/end') => ({
  method: 'POST',
  path,
  status,
  contentType: status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json',
  text: JSON.stringify(body),
});
const recording = {
  enabled: true,
  autoStart: false,
  status: 'idle',
  startedAt: null,
  stoppedAt: null,
  duration: null,
  fileUrl: null,
  fileKey: null,
  fileSize: null,
  format: null,
  resolution: null,
  fps: null,
  bitrate: null,
  error: null,
  complete: null,
  missingSeconds: null,
  recordingId: null,
};

describe('the check of answers', () => {
  it('takes what is described', () => {
    check.expect(answer(200, { recording }));
    check.expect(answer(404, problem('meeting-not-found', 'no', { requestId: '1' })));
    check.expect(answer(404, problem('route-not-found', 'no', { requestId: '1' }), '/nothing'));
  });

  it.each([
    ['a field too many', answer(200, { recording: { ...recording, secret: 1 } })],
    ['a field too few', answer(200, {})],
    ['another type', answer(200, { recording: { ...recording, fileSize: '1' } })],
    ['a time that is none', answer(200, { recording: { ...recording, startedAt: 'now' } })],
    ['a status that is not described', answer(418, {})],
    ['a problem without its code', answer(404, { status: 404 })],
    ['a path that is not described', answer(200, {}, '/nothing')],
  ])('refuses %s', (_, wrong) => {
    expect(() => check.expect(wrong)).toThrow(UndescribedResponseError);
  });
});
