import type { Logger } from 'pino';
import type { FileFormat } from '../contract/formats.ts';
import { folderOf } from '../contract/object-keys.ts';
import type { Manifest } from '../contract/manifest.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import type { WrittenManifest } from '../manifest/manifest-writer.ts';
import { scanObjects } from '../proof/scan-objects.ts';
import { attemptManifest } from '../recording/attempt-manifest.ts';
import type { Completeness } from '../recording/completeness.ts';
import type { Times } from '../recording/outcome.ts';
import type { FileContent, StoredFile } from '../recording/renditions/rendition.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import type { UploadedFile } from '../upload/upload-state.ts';
import { crc32Base64 } from '../upload/read-part.ts';
import { listedIn } from '../verify/verify-playlist.ts';
import type { SalvageConfig } from './salvage-config.ts';

export interface SalvagedRecording {
  readonly files: readonly UploadedFile[];
  readonly times: Times;
}

export interface SalvageManifest {
  readonly manifest: WrittenManifest;
  /** What was there before of these very files. */
  readonly known: Manifest | undefined;
}

export interface SalvageManifestContext {
  readonly config: SalvageConfig;
  readonly store: ObjectStore;
  readonly log: Logger;
}

const LOST = 'The recorder was lost. The files are made of what it had stored by then';

/**
 * Writes what can be said of files that are made of what a lost recorder had stored: it is read once. Where that recorder
 * has written itself what is in these very files, that counts. Run once more it writes the same. Throws ObjectStoreError.
 */
export async function writeSalvageManifest(
  context: SalvageManifestContext,
  salvaged: SalvagedRecording,
  signal: AbortSignal,
): Promise<SalvageManifest> {
  const { config, store, log } = context;
  const { key, attempt, signingKey, metadata } = config;
  const writer = new ManifestWriter({ store, key, attempt, metadata, signingKey, log });
  const known = await writer.find(signal);
  const isOfThese =
    known !== undefined &&
    salvaged.files.every((file) => known.files.some((one) => isSame(one, file, config.format)));
  if (isOfThese) return { manifest: await writer.write(known, signal), known };
  const files: StoredFile[] = [];
  for (const file of salvaged.files) files.push(await withContents(context, salvaged, file, signal));
  const writtenAt = new Date().toISOString();
  const piece = attemptManifest({
    config: { ...config, node: undefined },
    reason: 'Salvaged',
    times: salvaged.times,
    files,
    completeness: incomplete(salvaged.times, writtenAt),
    leftOut: [],
    writtenAt,
  });
  return { manifest: await writer.write(piece, signal), known: undefined };
}

/** Whether a salvage has written it, which can't tell what is missing. */
export function isOfSalvage({ attempts }: Manifest): boolean {
  return attempts.some(({ reason }) => reason === 'Salvaged');
}

/** What a recorder has said that was lost only after that. */
export function toldBy(manifest: Manifest): Completeness {
  const { complete, incompleteReason, missingSeconds, gaps } = manifest;
  return { complete, missingSeconds, gaps, ...(incompleteReason && { reason: incompleteReason }) };
}

function isSame(known: Manifest['files'][number], file: UploadedFile, format: FileFormat): boolean {
  if (known.key !== file.key) return false;
  const segments = (known.segments ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return known.format === format && known.sizeBytes + segments === file.sizeBytes;
}

/** Nobody knows how much more there was: the stretch until now has no media, and is not counted as missing. */
function incomplete({ stoppedAt }: Times, writtenAt: string): Completeness {
  const from = stoppedAt === undefined ? undefined : new Date(stoppedAt).toISOString();
  return {
    complete: false,
    reason: 'MediaLost',
    message: LOST,
    missingSeconds: 0,
    gaps: from === undefined || from >= writtenAt ? [] : [{ from, to: writtenAt, reason: 'RecorderLost' }],
  };
}

async function withContents(
  { config, store }: SalvageManifestContext,
  { files, times }: SalvagedRecording,
  file: UploadedFile,
  signal: AbortSignal,
): Promise<StoredFile> {
  const { format } = config;
  if (format === 'm3u8') return await playlistContents(store, file, signal);
  const stored = await store.find(file.key, signal);
  const startedAt = Date.parse(stored?.metadata['started-at'] ?? '');
  const offsetMs = startedAt - (times.startedAt ?? startedAt) || 0;
  const proof = await scanObjects(store, { keys: [file.key], format, offsetMs }, signal);
  return { ...file, format, contents: [{ takes: [files.indexOf(file) + 1], proof }] };
}

/** The segments that the playlist lists; the name of each begins with the number of its take. */
async function playlistContents(
  store: ObjectStore,
  file: UploadedFile,
  signal: AbortSignal,
): Promise<StoredFile> {
  const text = await bytesOf(store, file.key, signal);
  const keys = listedIn(text.toString('utf8')).names.map(
    (name) => folderOf(file.key) + decodeURIComponent(name),
  );
  const contents: FileContent[] = [];
  for (const [take, ofTake] of Map.groupBy(keys, takeOf)) {
    const objects: { key: string; sizeBytes: number; crc32: string }[] = [];
    for (const key of ofTake) {
      const bytes = await bytesOf(store, key, signal);
      objects.push({ key, sizeBytes: bytes.length, crc32: crc32Base64(bytes) });
    }
    const proof = await scanObjects(store, { keys: ofTake, format: 'm3u8', offsetMs: 0 }, signal);
    contents.push({ takes: [take], proof, objects });
  }
  return { ...file, objectBytes: text.length, format: 'm3u8', contents };
}

function takeOf(key: string): number {
  return Number(/\/([0-9]+)-[^/]*$/.exec(key)?.[1] ?? 1);
}

async function bytesOf(store: ObjectStore, key: string, signal: AbortSignal): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await store.read(key, (bytes) => void pieces.push(Buffer.from(bytes)), signal);
  return Buffer.concat(pieces);
}
