import { describe, expect, it } from 'vitest';
import { RecordingManifests } from './recording-manifests.ts';
import { StorageError } from './storage-error.ts';

const owner = { name: 'rec', uid: null, meetingId: 'm' };
const place = { owner, bucket: 'b', key: 'm/rec/manifest.json', checksum: 'CRC64NVME:AA==' };
const manifest = (keys: readonly string[], more: object = {}): string =>
  JSON.stringify({
    version: 1,
    recording: { id: 'rec' },
    durationSeconds: 1,
    attempts: [],
    files: keys.map((key) => ({ key, format: 'mp4', sizeBytes: 7, attempt: 1, takes: [1], tracks: [] })),
    gaps: [],
    leftOut: [],
    complete: true,
    missingSeconds: 0,
    writtenBy: { meetrec: '1' },
    writtenAt: '2026-01-01T00:00:00Z',
    ...more,
  });

function read(text: string | Error) {
  const reads: string[] = [];
  const refused: string[] = [];
  const manifests = new RecordingManifests({
    read: ({ key }) => {
      reads.push(key);
      return text instanceof Error ? Promise.reject(text) : Promise.resolve(text);
    },
    onRefused: (_manifest, why) => refused.push(why),
  });
  return { manifests, reads, refused };
}

describe('a manifest in S3', () => {
  it('says which files there are, and is read once', async () => {
    const { manifests, reads } = read(manifest(['m/rec/1.mp4', 'm/rec/2.mp4']));
    const files = [
      { bucket: 'b', key: 'm/rec/1.mp4', sizeBytes: 7, format: 'mp4' },
      { bucket: 'b', key: 'm/rec/2.mp4', sizeBytes: 7, format: 'mp4' },
    ];
    expect(await manifests.files(place)).toEqual(files);
    expect(await manifests.files(place)).toEqual(files);
    expect(reads).toHaveLength(1);
    await manifests.files({ ...place, checksum: 'CRC64NVME:BB==' });
    expect(reads).toHaveLength(2);
  });

  it('is read each time where nothing tells whether it is the same', async () => {
    const { manifests, reads } = read(manifest([]));
    for (const _time of [1, 2]) await manifests.files({ ...place, checksum: undefined });
    expect(reads).toHaveLength(2);
  });

  it.each([
    ['is no JSON', '<html>', /JSON/],
    ['is something else', '{"files": []}', /no manifest/],
    ['is of a later version', manifest(['m/rec/1.mp4'], { version: 2 }), /no manifest: version/],
    ['names another recording’s file', manifest(['m/rec/1.mp4', 'm/other/1.mp4']), /outside its folder/],
    ['climbs', manifest(['m/rec/../other/1.mp4']), /outside its folder/],
    ['is gone', new StorageError('file-gone', 'gone'), /gone/],
  ])('that %s is of no use, and it is said why', async (_what, text, why) => {
    const { manifests, refused } = read(text);
    expect(await manifests.files(place)).toBeUndefined();
    expect(refused).toEqual([expect.stringMatching(why)]);
  });

  it('of a store that does not answer is no answer', async () => {
    const { manifests, refused } = read(new StorageError('storage-unavailable', 'away'));
    await expect(manifests.files(place)).rejects.toMatchObject({ code: 'storage-unavailable' });
    expect(refused).toEqual([]);
  });
});
