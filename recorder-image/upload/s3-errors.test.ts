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
    { name: 'PreconditionFailed', status: 412, failure: 'exists' },
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

  it('names the setting for stores that refuse checksums, also where they refuse without a word', () => {
    const told = Object.assign(new Error("Unsupported header 'x-amz-checksum-crc32'"), {
      name: 'InvalidArgument',
      $metadata: { httpStatusCode: 400 },
    });
    for (const error of [told, s3Error('UnknownError', 400)])
      expect(explain(error, 'recordings', undefined).message).toContain('S3_CHECKSUMS=when_required');
    expect(explain(s3Error('UnknownError', 500), 'recordings', undefined).message).not.toContain(
      'S3_CHECKSUMS',
    );
  });

  it('says when to come again: in seconds, or at a time, and in two minutes at the latest', () => {
    const after = (header: string): number | undefined => {
      const $response = { headers: { 'retry-after': header } };
      return explain(Object.assign(s3Error('SlowDown', 503), { $response }), 'recordings', undefined)
        .retryAfterMs;
    };
    expect(after('3')).toBe(3000);
    expect(after('3600')).toBe(120_000);
    const soon = after(new Date(Date.now() + 20_000).toUTCString()) ?? 0;
    expect(soon).toBeGreaterThan(15_000);
    expect(soon).toBeLessThanOrEqual(20_000);
    expect(after('0')).toBeUndefined();
    expect(after('nonsense')).toBeUndefined();
  });
});
