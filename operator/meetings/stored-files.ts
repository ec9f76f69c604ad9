import { folderOf, MANIFEST_FILE, ownContent } from '../../recorder-image/contract/object-keys.ts';
import type { FileFormat } from '../../recorder-image/contract/formats.ts';
import type { ManifestRef } from '../crd/status.ts';
import type { RecordingDocument } from './recording.ts';

export interface StoredFile {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly sizeBytes: number | null;
  /** Absent: as the recording was asked for. */
  readonly format?: FileFormat;
}

/**
 * The files that a manifest lists, in order; undefined where there is none of use. Throws where the store does not
 * answer.
 */
export type ListFiles = (manifest: ManifestRef) => Promise<readonly StoredFile[] | undefined>;

type Known = Pick<
  RecordingDocument,
  '_id' | 'meetingId' | 'bucket' | 'fileKey' | 'fileSize' | 'files' | 'manifest'
>;

/**
 * The files of a recording, in order: by its manifest, which may list more than a status holds. What the manifest does
 * not list is kept: where several recorders took part, it may be of the last one alone.
 */
export async function storedFiles(
  record: Known,
  list: ListFiles | undefined,
): Promise<readonly StoredFile[]> {
  const known = record.files.length > 0 ? record.files : single(record);
  const manifest = manifestOf(record, known);
  const claimed = (manifest && (await list?.(manifest))) ?? [];
  const listed = claimed.filter(({ key }) => manifest && isOwnFile(key, record, manifest));
  const others = (files: readonly StoredFile[]): StoredFile[] => {
    const keys = new Set(files.map(({ key }) => key));
    return listed.filter(({ key }) => !keys.has(key));
  };
  const isWhole = others(known).length + known.length === listed.length;
  return isWhole ? listed : [...known, ...others(known)];
}

/** A manifest elsewhere than beside the recording's file is none of it. */
export function manifestOf(
  { manifest }: Known,
  [first]: readonly Pick<StoredFile, 'bucket' | 'key'>[],
): ManifestRef | undefined {
  if (!manifest || first === undefined) return undefined;
  const isBeside = manifest.bucket === first.bucket && folderOf(manifest.key) === folderOf(first.key);
  return isBeside ? manifest : undefined;
}

/** A manifest is a claim: it may only name what a recorder of this recording has made. */
function isOwnFile(key: string, { _id: name, meetingId }: Known, manifest: ManifestRef): boolean {
  const folder = folderOf(manifest.key);
  const hasFolder = manifest.key === folder + MANIFEST_FILE;
  const place = hasFolder
    ? ({ layout: 'folder', folder } as const)
    : ({ layout: 'legacy', meetingId, name } as const);
  return ownContent(key, place)?.kind === 'file';
}

function single({ bucket, fileKey, fileSize }: Known): StoredFile[] {
  return bucket === null || fileKey === null ? [] : [{ bucket, key: fileKey, sizeBytes: fileSize }];
}
