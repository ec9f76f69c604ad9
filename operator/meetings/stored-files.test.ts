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
  _id: 'rec',
  uid: '01234567-89ab-4cde-8f01-23456789abcd',
  folder: { bucket: 'b', prefix: 'm/rec-0123456789ab/' },
  meetingId: 'm',
  bucket: 'b',
  fileKey: 'm/rec-0123456789ab/recording.mp4',
  fileSize: 1,
  files: [known('m/rec-0123456789ab/recording.mp4'), known('m/rec-0123456789ab/recording-take2.mp4')],
  manifest: { bucket: 'b', key: 'm/rec-0123456789ab/manifest.json' },
};
const keys = async (keys: readonly string[] | undefined, of = {}) =>
  (await storedFiles({ ...record, ...of }, () => Promise.resolve(keys?.map(listed)))).map(({ key }) => key);

describe('the files of a recording', () => {
  it('are those of its manifest, in its order', async () => {
    const all = [
      'm/rec-0123456789ab/recording.mp4',
      'm/rec-0123456789ab/recording-take2.mp4',
      'm/rec-0123456789ab/recording-take3.mp4',
    ];
    expect(await keys(all)).toEqual(all);
    expect(await keys(all.toReversed())).toEqual(all.toReversed());
  });

  it('are also those that only the status knows, which come first', async () => {
    expect(
      await keys(['m/rec-0123456789ab/recording-take2.mp4', 'm/rec-0123456789ab/recording-take3.mp4']),
    ).toEqual([
      'm/rec-0123456789ab/recording.mp4',
      'm/rec-0123456789ab/recording-take2.mp4',
      'm/rec-0123456789ab/recording-take3.mp4',
    ]);
  });

  it('are nothing that a recorder of it has not made', async () => {
    const two = ['m/rec-0123456789ab/recording.mp4', 'm/rec-0123456789ab/recording-take2.mp4'];
    const foreign = [
      'm/rec-0123456789ab/other.mp4',
      'm/rec-0123456789ab/manifest.json',
      'm/rec-0123456789ab/segments/1-init.mp4',
      'm/x/recording.mp4',
    ];
    expect(await keys([...two, ...foreign])).toEqual(two);
    const legacy = {
      folder: null,
      fileKey: 'p/m/rec.mp4',
      files: [],
      manifest: { bucket: 'b', key: 'p/m/rec.manifest.json' },
    };
    const own = ['p/m/rec.mp4', 'p/m/rec-take2.mp4', 'p/m/rec-attempt2.mp4'];
    expect(await keys([...own, 'p/m/rec2.mp4', 'p/m/rec-2-take2.mp4'], legacy)).toEqual(own);
  });

  it('are those of the status where the manifest is of no use, or lies elsewhere', async () => {
    const two = ['m/rec-0123456789ab/recording.mp4', 'm/rec-0123456789ab/recording-take2.mp4'];
    expect(await keys(undefined)).toEqual(two);
    expect(await keys([])).toEqual(two);
    for (const manifest of [
      { bucket: 'b', key: 'm/x/manifest.json' },
      { bucket: 'c', key: 'm/rec-0123456789ab/manifest.json' },
    ])
      expect(await keys(['m/rec-0123456789ab/recording-take3.mp4'], { manifest })).toEqual(two);
    expect(await keys(['m/rec-0123456789ab/recording-take3.mp4'], { manifest: undefined })).toEqual(two);
  });

  it('is the one that a recording from before has', async () => {
    expect(await keys(undefined, { files: [], manifest: undefined })).toEqual([
      'm/rec-0123456789ab/recording.mp4',
    ]);
    expect(await keys(undefined, { files: [], bucket: null, fileKey: null })).toEqual([]);
  });
});
