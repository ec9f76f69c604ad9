import { describe, expect, it } from 'vitest';
import type { RecordingFile } from '../crd/status.ts';
import { storedFiles } from './stored-files.ts';

const known = (key: string): RecordingFile => ({
  bucket: 'b',
  key,
  url: `s3://b/${key}`,
  sizeBytes: 1,
  format: 'mp4',
});
const listed = (key: string) => ({ bucket: 'b', key, sizeBytes: 1, format: 'mp4' as const });
const record = {
  bucket: 'b',
  fileKey: 'm/rec/1.mp4',
  fileSize: 1,
  files: [known('m/rec/1.mp4'), known('m/rec/2.mp4')],
  manifest: { bucket: 'b', key: 'm/rec/manifest.json' },
};
const keys = async (keys: readonly string[] | undefined, of = {}) =>
  (await storedFiles({ ...record, ...of }, () => Promise.resolve(keys?.map(listed)))).map(({ key }) => key);

describe('the files of a recording', () => {
  it('are those of its manifest, in its order', async () => {
    const all = ['m/rec/1.mp4', 'm/rec/2.mp4', 'm/rec/3.mp4'];
    expect(await keys(all)).toEqual(all);
    expect(await keys(all.toReversed())).toEqual(all.toReversed());
  });

  it('are also those that only the status knows, which come first', async () => {
    expect(await keys(['m/rec/2.mp4', 'm/rec/3.mp4'])).toEqual(['m/rec/1.mp4', 'm/rec/2.mp4', 'm/rec/3.mp4']);
  });

  it('are those of the status where the manifest is of no use, or lies elsewhere', async () => {
    const two = ['m/rec/1.mp4', 'm/rec/2.mp4'];
    expect(await keys(undefined)).toEqual(two);
    expect(await keys([])).toEqual(two);
    for (const manifest of [
      { bucket: 'b', key: 'm/x/manifest.json' },
      { bucket: 'c', key: 'm/rec/manifest.json' },
    ])
      expect(await keys(['m/rec/3.mp4'], { manifest })).toEqual(two);
    expect(await keys(['m/rec/3.mp4'], { manifest: undefined })).toEqual(two);
  });

  it('is the one that a recording from before has', async () => {
    expect(await keys(undefined, { files: [], manifest: undefined })).toEqual(['m/rec/1.mp4']);
    expect(await keys(undefined, { files: [], bucket: null, fileKey: null })).toEqual([]);
  });
});
