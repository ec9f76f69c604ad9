import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../operator/controller/steps/collect.ts';
import { passOf, recordingOf, worldOf } from '../../operator/controller/testing/build.ts';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import type { MeetingRecordingStatus } from '../../operator/crd/status.ts';
import { advance } from '../../operator/meetings/advance.ts';
import { fileOf } from '../../operator/meetings/downloads.ts';
import { observe } from '../../operator/meetings/observation.ts';
import { ownerOf } from '../../operator/meetings/record-identity.ts';
import type { RecordingDocument } from '../../operator/meetings/recording.ts';
import { manifestOf, storedFiles } from '../../operator/meetings/stored-files.ts';
import { seededRandom } from '../../operator/runtime/testing/random.ts';
import { ForeignObjectError } from '../../operator/storage/own-object.ts';
import { ForeignSegmentError } from '../../operator/storage/playlist.ts';
import { PresignedDownloads } from '../../operator/storage/presigned-downloads.ts';
import { RecordingFiles } from '../../operator/storage/recording-files.ts';
import { RecordingManifests } from '../../operator/storage/recording-manifests.ts';
import { SignedPlaylists } from '../../operator/storage/signed-playlists.ts';
import { StorageError } from '../../operator/storage/storage-error.ts';
import { resultSchema } from '../../recorder-image/contract/result.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import { hostileKeys } from './hostile-support/hostile-keys.ts';
import { readRequest, watchedStore } from './hostile-support/watched-store.ts';
import type { WatchedStore } from './hostile-support/watched-store.ts';

const ROUNDS = Number(process.env['HOSTILE_ROUNDS'] ?? 400);
const NOW = '2026-01-01T00:00:00Z';
/** The controller's, of testing/build.ts; the bucket beside it is another installation's. */
const BUCKET = 'bucket';
const PRIVATE = 'private';
const UID12 = '0123456789ab';
const OTHER12 = 'fedcba987654';
const FOLDER = `recordings/meeting-1/rec-${UID12}/`;
const OWN = [
  ...['recording.mp4', 'recording-take2.mp4', 'recording-attempt2.m3u8', 'recording.m3u8', 'manifest.json'],
  ...['segments/1-init.mp4', 'segments/1-00000.m4s'],
].map((name) => FOLDER + name);
const LEGACY = [
  ...['rec.mp4', 'rec-take2.mp4', 'rec-attempt2.m3u8', 'rec.m3u8', 'rec/1-init.mp4', 'rec/1-00000.m4s'],
].map((name) => `recordings/meeting-1/${name}`);
/** What lies around it, and begins as it does as far as it can. */
const FOREIGN = [
  ...[`rec-${OTHER12}/recording.mp4`, `rec-${UID12}x/recording.mp4`, `rec-${UID12}.mp4`, `rec-2.mp4`],
  ...[`rec-2/1-00000.m4s`, `rec-2.m3u8`, `recx.mp4`, `other-${OTHER12}/manifest.json`, 'secret.mp4'],
  ...[`rec-${OTHER12}/segments/1-00000.m4s`, `rec-${OTHER12}/recording.m3u8`],
]
  .map((name) => `recordings/meeting-1/${name}`)
  .concat([
    `recordings/meeting-2/rec-${OTHER12}/recording.mp4`,
    'recordings/meeting-2/rec.mp4',
    'x.m3u8',
    'x.mp4',
  ]);

let store: WatchedStore;
let downloads: PresignedDownloads;
let files: RecordingFiles;
let manifests: RecordingManifests;
let playlists: SignedPlaylists;
let untouched: string[];

beforeAll(async () => {
  store = await watchedStore([BUCKET, PRIVATE]);
  for (const key of FOREIGN) await store.put(BUCKET, key);
  for (const key of [...OWN, ...FOREIGN]) await store.put(PRIVATE, key);
  untouched = await store.snapshot([BUCKET, PRIVATE]);
  const now = () => new Date();
  downloads = new PresignedDownloads({ ...store.access, now });
  files = new RecordingFiles(store.access);
  manifests = new RecordingManifests({
    read: (...asked) => files.text(...asked),
    onRefused: () => undefined,
  });
  playlists = new SignedPlaylists({
    read: (file) => files.playlist(file),
    sign: (object, seconds) => downloads.plainUrl(object, seconds),
    spareSeconds: 60,
    now,
  });
}, 180_000);

afterAll(async () => {
  files?.close();
  downloads?.close();
  await store?.[Symbol.asyncDispose]();
});

/** What a recorder can say, most of it wrong: as its pod's termination message has it. */
function hostileResult(random: () => number, nextKey: () => string): RecorderResult {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const file = (): object => ({ key: nextKey(), sizeBytes: 1 });
  const key = nextKey();
  const bucket = pick([BUCKET, BUCKET, BUCKET, PRIVATE, '', `${BUCKET}/..`, 'b'.repeat(300)]);
  return resultSchema.parse({
    outcome: 'completed',
    reason: pick(['Stopped', 'Salvaged', 'DiskFull']),
    bucket,
    key,
    url: `s3://${bucket}/${key}`,
    sizeBytes: 1,
    format: pick(['mp4', 'm3u8', 'webm', 'flv']),
    checksum: pick([undefined, 'CRC64NVME:AA==', key]),
    startedAt: pick([NOW, key]),
    files: Array.from({ length: Math.floor(random() * 4) }, file),
    ...(random() < 0.5 && { manifest: { key: nextKey(), checksum: nextKey() } }),
  });
}

/** Does with a recording all that the API does: lists its files, signs them, has them played, and removes them. */
async function use(record: RecordingDocument): Promise<string[]> {
  const signed: string[] = [];
  const refused = (error: unknown): undefined => {
    const isExpected = [StorageError, ForeignObjectError, ForeignSegmentError].some(
      (kind) => error instanceof kind,
    );
    if (!isExpected) throw error;
  };
  const owner = ownerOf(record);
  const listed = (manifest: Parameters<RecordingManifests['files']>[0]) => manifests.files(manifest);
  const growing = async (whose: typeof owner) => {
    const found = await files.growingPlaylist(whose, { bucket: BUCKET, keyPrefix: 'recordings/' });
    return found && { ...found, sizeBytes: null };
  };
  const port = { url: (request: never) => downloads.url(request), listed, growing };
  // What the status claims is asked for as it stands, too: the store's own guard is what is left then.
  const claimed = [...record.files, { bucket: record.bucket ?? '', key: record.fileKey ?? '' }];
  const stored = await storedFiles(record, listed).catch(refused);
  for (const { bucket, key } of [...(stored ?? []), ...claimed]) {
    const names = { fileName: 'x', format: 'mp4' as const };
    const url = await downloads.url({ owner, bucket, key, ...names }).catch(refused);
    if (url !== undefined) signed.push(url.url);
    const playlist = await playlists.playlist({ owner, bucket, key }).catch(refused);
    signed.push(...(playlist?.split('\n').filter((line) => line.startsWith('http')) ?? []));
  }
  for (const active of [
    record,
    { ...record, status: 'recording' as const, format: 'm3u8', files: [], fileKey: null },
  ]) {
    const file = await fileOf(active, { downloads: port, take: 1 }).catch(refused);
    const playlist = file && (await playlists.playlist(file).catch(refused));
    signed.push(...(playlist?.split('\n').filter((line) => line.startsWith('http')) ?? []));
  }
  const manifest = manifestOf(record, claimed);
  await files.remove(owner, [...claimed, ...(manifest ? [manifest] : [])]).catch(refused);
  await files.remove(owner, stored ?? []).catch(refused);
  return signed.map((url) => readRequest('SIGN', url.slice(store.access.endpoint?.length ?? 0)));
}

function recordOf(object: MeetingRecording): RecordingDocument {
  const record = advance(undefined, observe(object), 'default');
  if (record === undefined) throw new Error('nothing was seen');
  return record;
}

/** Puts its own there again, with a playlist and a manifest that name what they like. */
async function putOwn(own: readonly string[], nextKey: () => string): Promise<void> {
  const uri = (): string => {
    const key = nextKey();
    return key.startsWith(FOLDER) ? key.slice(FOLDER.length) : key;
  };
  const playlist = `#EXTM3U\n#EXT-X-MAP:URI="${uri()}"\n#EXTINF:6,\n${uri()}\n`;
  const manifest = JSON.stringify({ version: 1, recording: { id: 'rec' }, files: [] });
  for (const key of own)
    await store.put(
      BUCKET,
      key,
      key.endsWith('.m3u8') ? playlist : key.endsWith('.json') ? manifest : 'media',
    );
}

/** Of everything that was asked for or signed, what does not lie where the recording has its files. */
function strays(lines: readonly string[], isOwn: (bucket: string, key: string) => boolean): string[] {
  return lines.filter((line) => {
    const [, bucket = '', ...key] = line.split(' ');
    return !isOwn(bucket, key.join(' '));
  });
}

describe('a recorder that lies', () => {
  const cases = [
    { layout: 'with a folder', status: { folder: { bucket: BUCKET, prefix: FOLDER } }, own: OWN },
    { layout: 'of before there were folders', status: {}, own: LEGACY },
  ] as const;
  const isOwnOf =
    (own: readonly string[]) =>
    (bucket: string, key: string): boolean => {
      if (bucket !== BUCKET) return false;
      if (own === OWN) return key.startsWith(FOLDER);
      // Listed by how their names begin; of what is found, only what is exactly theirs is used. The prefix of keys may have
      // been another one then.
      return /^(?:[\w.-]+\/)*meeting-1\/rec(-attempt\d+|-take\d+)*(\.(mp4|webm|m3u8|flv)|\/|\/\d-\w+\.\w+|\.manifest.*)?$/.test(
        key,
      );
    };

  it.each(cases)(
    'in its result has nothing but its own signed, listed or deleted: $layout',
    async ({ status: at, own }) => {
      const random = seededRandom(own === OWN ? 11 : 12);
      const nextKey = hostileKeys({ random, own, foreign: FOREIGN });
      const touched: string[] = [];
      let taken = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        if (round % 20 === 0) await putOwn(own, nextKey);
        const status: MeetingRecordingStatus = {
          phase: 'Recording',
          reason: 'Receiving',
          startedAt: NOW,
          ...at,
        };
        const recording = recordingOf({ status });
        const result = hostileResult(random, nextKey);
        const pass = { ...passOf(recording), recorder: { is: 'ended', result } as const };
        store.touched.length = 0;
        await collect(pass, worldOf());
        const after = pass.status.value;
        expect(['Completed', 'Failed']).toContain(after.phase);
        if (after.phase === 'Completed') taken += 1;
        const claimed = [after.file, ...(after.files ?? []), after.manifest].filter(
          (file) => file !== undefined,
        );
        touched.push(...claimed.map(({ bucket, key }) => `STATUS ${bucket} ${key}`));
        touched.push(...(await use(recordOf({ ...recording, status: after }))), ...store.touched);
      }
      expect(strays(touched, isOwnOf(own))).toEqual([]);
      // It did get to the files that are its own.
      expect(taken).toBeGreaterThan(ROUNDS / 20);
      expect(new Set(touched.map((line) => line.split(' ')[0]))).toEqual(
        new Set(['STATUS', 'SIGN', 'HEAD', 'GET', 'LIST', 'DELETE']),
      );
    },
    300_000,
  );

  it('and a status that says what it likes are not enough: the store has its own guard', async () => {
    const random = seededRandom(13);
    const nextKey = hostileKeys({ random, own: OWN, foreign: FOREIGN });
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const bucket = (): string => pick([BUCKET, BUCKET, PRIVATE]);
    const fileAt = (key: string) => ({
      bucket: bucket(),
      key,
      url: '',
      sizeBytes: 1,
      format: 'mp4' as const,
    });
    const folders = FOREIGN.map((key) => key.slice(0, key.lastIndexOf('/') + 1));
    const touched: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round % 20 === 0) await putOwn(OWN, nextKey);
      const prefix = pick([FOLDER, '', '/', pick(folders), pick(folders), `${nextKey()}/`, nextKey()]);
      const status: MeetingRecordingStatus = {
        phase: 'Completed',
        folder: { bucket: BUCKET, prefix },
        file: fileAt(nextKey()),
        files: [fileAt(nextKey()), fileAt(nextKey())],
        manifest: { bucket: bucket(), key: nextKey() },
      };
      store.touched.length = 0;
      touched.push(...(await use(recordOf(recordingOf({ status })))), ...store.touched);
    }
    // A folder may be another than the one it has, but never one of somebody else.
    const isNobodyElses = (_bucket: string, key: string): boolean =>
      key.split('/').some((element) => element.startsWith(UID12) || element.endsWith(UID12)) &&
      !FOREIGN.some((foreign) => foreign === key || foreign.startsWith(key));
    expect(strays(touched, isNobodyElses)).toEqual([]);
    expect(touched.length).toBeGreaterThan(ROUNDS);
  }, 300_000);

  it('has left everything around it as it was', async () => {
    const own = new Set([...OWN, ...LEGACY].map((key) => `${BUCKET} ${key}`));
    const now = await store.snapshot([BUCKET, PRIVATE]);
    expect(now.filter((line) => !own.has(line.split(' ').slice(0, 2).join(' ')))).toEqual(untouched);
  });
});
