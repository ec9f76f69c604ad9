import { describe, expect, it } from 'vitest';
import { MAX_RESULT_BYTES, resultSchema } from './contract/result.ts';
import type { RecorderResult } from './contract/result.ts';
import { encodeResult } from './result.ts';

const failed = (message: string): RecorderResult => ({
  outcome: 'failed',
  reason: 'UploadFailed',
  error: { code: 'NoSuchBucket', message },
});

describe('the result', () => {
  it('is written as it is when it is short', () => {
    expect(JSON.parse(encodeResult(failed('no bucket')))).toEqual(failed('no bucket'));
  });

  it.each(['x', 'ü', '"', '\n', '🎬'])(
    'is cut to what the kubelet keeps, and still is JSON: %j',
    (character) => {
      const json = encodeResult(failed(character.repeat(5000)));
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_RESULT_BYTES);
      expect(Buffer.byteLength(json)).toBeGreaterThan(MAX_RESULT_BYTES - 20);
      expect(resultSchema.parse(JSON.parse(json))).toMatchObject({ reason: 'UploadFailed' });
    },
  );

  it('lists as many files as there is room for', () => {
    const files = Array.from({ length: 500 }, (_, index) => ({
      key: `recordings/a/rec-take${index}.mp4`,
      sizeBytes: 1,
    }));
    const json = encodeResult({
      outcome: 'completed',
      reason: 'Stopped',
      bucket: 'b',
      key: 'k',
      url: 's3://b/k',
      sizeBytes: 1,
      format: 'mp4',
      files,
    });
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_RESULT_BYTES);
    const read = resultSchema.parse(JSON.parse(json));
    expect(read.outcome === 'completed' && read.files?.length).toBeGreaterThan(50);
  });
});
