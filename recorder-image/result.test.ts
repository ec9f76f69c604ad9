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

  it('lists as many files and gaps as there is room for, and cuts what people read', () => {
    const at = (minute: number): string => new Date(minute * 60_000).toISOString();
    const json = encodeResult({
      outcome: 'completed',
      reason: 'Stopped',
      bucket: 'b',
      key: 'k',
      url: 's3://b/k',
      sizeBytes: 1,
      format: 'mp4',
      files: Array.from({ length: 100 }, (_, index) => ({ key: `recording-take${index}.mp4`, sizeBytes: 1 })),
      manifest: { key: 'manifest.json', checksum: 'CRC32:AAAAAA==' },
      complete: false,
      incompleteReason: 'MediaLost',
      incompleteMessage: 'ü'.repeat(5000),
      missingSeconds: 12,
      gaps: Array.from({ length: 100 }, (_, index) => ({
        from: at(index),
        to: at(index + 1),
        reason: 'RecorderLost',
      })),
    });
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_RESULT_BYTES);
    const read = resultSchema.parse(JSON.parse(json));
    if (read.outcome !== 'completed') throw new Error('not completed');
    expect(read).toMatchObject({ complete: false, incompleteReason: 'MediaLost', missingSeconds: 12 });
    expect(read.manifest).toEqual({ key: 'manifest.json', checksum: 'CRC32:AAAAAA==' });
    expect(read.files?.length).toBeGreaterThan(10);
    expect(read.gaps).toHaveLength(read.files?.length ?? 0);
    expect(read.gaps?.[0]).toEqual({ from: at(0), to: at(1), reason: 'RecorderLost' });
  });
});
