import { describe, expect, it } from 'vitest';
import { explain } from './s3-errors.ts';

function s3Error(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error('as S3 has it'), { name, $metadata: { httpStatusCode } });
}

describe('what S3 answers', () => {
  it.each([
    { name: 'NoSuchBucket', status: 404, failure: 'refused' },
    { name: 'AccessDenied', status: 403, failure: 'refused' },
    { name: 'InvalidAccessKeyId', status: 403, failure: 'refused' },
    { name: 'CredentialsProviderError', status: undefined, failure: 'refused' },
    { name: 'PermanentRedirect', status: 301, failure: 'refused' },
    { name: 'NoSuchUpload', status: 404, failure: 'no-such-upload' },
    { name: 'InvalidPart', status: 400, failure: 'invalid-part' },
    { name: 'RequestTimeout', status: 400, failure: 'transient' },
    { name: 'SlowDown', status: 503, failure: 'transient' },
    { name: 'InternalError', status: 500, failure: 'transient' },
    { name: 'ECONNREFUSED', status: undefined, failure: 'transient' },
    { name: 'AbortError', status: undefined, failure: 'transient' },
  ])('$name is $failure', ({ name, status, failure }) => {
    expect(explain(s3Error(name, status), 'recordings', undefined)).toMatchObject({ code: name, failure });
  });

  it('names the bucket, where it is, and what to do', () => {
    const { message } = explain(s3Error('NoSuchBucket', 404), 'recordings', 'http://s3.test');
    expect(message).toMatch(/NoSuchBucket.*"recordings" at http:\/\/s3\.test.*create it/);
  });
});
