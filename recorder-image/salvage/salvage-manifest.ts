import type { Logger } from 'pino';
import type { FileFormat } from '../contract/formats.ts';
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
import type { SalvageConfig } from './salvage-config.ts';
import { segmentKeys } from './salvage-playlist.ts';

export interface SalvagedRecording {
  readonly files: readonly UploadedFile[];
  /** As far as the objects say. */
  readonly times: Pick<Times, 'durationMs' | 'startedAt'>;
}

export interface SalvageManifest {
  readonly manifest: WrittenManifest;
  /** As the manifest has them. */
  readonly times: Times;
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
  if (isOfThese) return { manifest: await writer.write(known, signal), times: timesOf(known), known };
  const files: StoredFile[] = [];
  for (const file of salvaged.files) files.push(await withContents(context, salvaged, file, signal));
  const times = stoppedAfter({ durationMs: durationOf(files), ...salvaged.times });
  const writtenAt = new Date().toISOString();
  const piece = attemptManifest({
    config: { ...config, node: undefined },
    reason: 'Salvaged',
    times,
    files,
    completeness: incomplete(times, writtenAt),
    leftOut: [],
    writtenAt,
  });
  return { manifest: await writer.write(piece, signal), times: timesOf(piece), known: undefined };
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

function timesOf({ durationSeconds, startedAt, stoppedAt }: Manifest): Times {
  return {
    durationMs: durationSeconds > 0 ? durationSeconds * 1000 : undefined,
    startedAt: startedAt === undefined ? undefined : Date.parse(startedAt),
    stoppedAt: stoppedAt === undefined ? undefined : Date.parse(stoppedAt),
  };
}

/** Of the media of files that don't say it themselves, in ms: what breaks off and a WebM have no duration in front. */
function durationOf(files: readonly StoredFile[]): number {
  const spans = files.flatMap(({ contents }) =>
    contents.map(({ proof: { tracks } }) => {
      const first = Math.min(...tracks.map(({ firstSeconds }) => firstSeconds));
      const last = Math.max(...tracks.map(({ lastSeconds }) => lastSeconds));
      return tracks.length === 0 ? 0 : last - first;
    }),
  );
  return Math.round(spans.reduce((sum, seconds) => sum + seconds, 0) * 1000);
}

function stoppedAfter({ durationMs = 0, startedAt }: Times): Times {
  return { durationMs, startedAt, stoppedAt: startedAt === undefined ? undefined : startedAt + durationMs };
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
  const keys = segmentKeys(file.key, text.toString('utf8'));
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
