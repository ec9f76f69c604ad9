import { describe, expect, it } from 'vitest';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import { ownResult } from './own-result.ts';
import type { OwnPlace } from './recording-place.ts';
import { NOW } from './testing/build.ts';

const FOLDER = 'recordings/m/rec-0123456789ab/';
const own: OwnPlace = { bucket: 'bucket', place: { layout: 'folder', folder: FOLDER } };
const completed: Extract<RecorderResult, { outcome: 'completed' }> = {
  outcome: 'completed',
  reason: 'Stopped',
  bucket: 'bucket',
  key: `${FOLDER}recording.mp4`,
  url: `s3://bucket/${FOLDER}recording.mp4`,
  sizeBytes: 42,
  format: 'mp4',
  checksum: 'CRC64NVME:AAAAAAAAAAA=',
  startedAt: NOW,
  durationSeconds: 2,
};

describe('a recorder’s result', () => {
  it('is taken as it is where all of it is its own', () => {
    const whole = {
      ...completed,
      files: [
        { key: completed.key, sizeBytes: 42 },
        { key: `${FOLDER}recording-take2.mp4`, sizeBytes: 7 },
      ],
      manifest: { key: `${FOLDER}manifest.json`, checksum: 'CRC64NVME:AAAAAAAAAAA=' },
    };
    expect(ownResult(whole, own)).toEqual({ result: whole, refused: undefined });
    expect(ownResult(completed, own)).toEqual({ result: completed, refused: undefined });
  });

  it.each([
    [{ bucket: 'another' }, 'in bucket "another"'],
    [{ key: 'recordings/other/x-ffffffffffff/recording.mp4' }, 'x-ffffffffffff'],
    [{ key: `${FOLDER}../rec-ffffffffffff/recording.mp4` }, '..'],
    [{ key: `${FOLDER.slice(0, -1)}x/recording.mp4` }, 'abx/'],
    [{ key: 'x.m3u8' }, '"x.m3u8"'],
    [{ key: '' }, '""'],
    [{ key: 'k'.repeat(4000) }, 'kkk…'],
    [{ key: `${FOLDER}\0recording.mp4` }, String.raw`\u0000`],
  ])('that names %j has no file, and says so in few words', (claim, said) => {
    const { result, refused = '' } = ownResult({ ...completed, ...claim }, own);
    expect(result).toMatchObject({ outcome: 'failed', reason: 'Internal', durationSeconds: 2 });
    expect(refused).toContain(said);
    expect(refused.length).toBeLessThan(700);
    expect(result.outcome === 'failed' && result.error.message).toBe(refused);
  });

  it('has what is its own taken, and nothing else', () => {
    const foreign = 'recordings/m/other-ffffffffffff/recording.mp4';
    const take = { key: `${FOLDER}recording-take2.flv`, sizeBytes: 7 };
    const claim = {
      ...completed,
      key: foreign,
      url: `s3://bucket/${foreign}`,
      files: [{ key: foreign, sizeBytes: 1 }, take, { key: `${FOLDER}manifest.json`, sizeBytes: 1 }],
      manifest: { key: 'recordings/m/other-ffffffffffff/manifest.json' },
    };
    const { result, refused } = ownResult(claim, own);
    const { checksum: _not, ...rest } = completed;
    expect(result).toEqual({
      ...rest,
      ...take,
      url: `s3://bucket/${take.key}`,
      format: 'flv',
      complete: false,
      incompleteReason: 'MediaLost',
      incompleteMessage: refused,
    });
    for (const key of [foreign, `${FOLDER}manifest.json`, claim.manifest.key]) expect(refused).toContain(key);
  });

  it('is taken as far as a status can hold it', () => {
    const claim = { ...completed, startedAt: 'yesterday', stoppedAt: `${NOW}x`, checksum: 'c'.repeat(4000) };
    const { result } = ownResult({ ...claim, url: 'u'.repeat(4000) }, own);
    const { checksum: _checksum, startedAt: _startedAt, ...rest } = completed;
    expect(result).toEqual(rest);
  });

  it.each([1e300, -1])('of %d seconds does not say how long it is', (durationSeconds) => {
    const { durationSeconds: _durationSeconds, ...rest } = completed;
    expect(ownResult({ ...completed, durationSeconds }, own).result).toEqual(rest);
  });

  it('of a recording without a folder lies where that was, under its own name', () => {
    const place = { layout: 'legacy', prefix: 'r/', meetingId: 'm', name: 'rec' } as const;
    const taken = (key: string): boolean =>
      ownResult({ ...completed, key }, { bucket: 'bucket', place }).refused === undefined;
    expect(taken('r/m/rec-attempt2-take3.mp4')).toBe(true);
    expect(taken('r/m/rec-2.mp4')).toBe(false);
    expect(taken('r/n/rec.mp4')).toBe(false);
    expect(taken(completed.key)).toBe(false);
  });
});
