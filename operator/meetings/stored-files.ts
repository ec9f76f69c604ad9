import { contentFor } from '../../recorder-image/contract/file-owner.ts';
import type { FileOwner } from '../../recorder-image/contract/file-owner.ts';
import type { FileFormat } from '../../recorder-image/contract/formats.ts';
import type { ManifestRef } from '../crd/status.ts';
import { ownerOf } from './record-identity.ts';
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
export type ListFiles = (
  manifest: ManifestRef & { readonly owner: FileOwner },
) => Promise<readonly StoredFile[] | undefined>;

type Known = Pick<
  RecordingDocument,
  '_id' | 'uid' | 'meetingId' | 'folder' | 'bucket' | 'fileKey' | 'fileSize' | 'files' | 'manifest'
>;

/**
 * The files of a recording, in order: by its manifest, which may list more than a status holds. What the manifest does
 * not list is kept: where several recorders took part, it may be of the last one alone. Status and manifest are claims: what
 * does not lie where the recording has its files is none of it.
 */
export async function storedFiles(
  record: Known,
  list: ListFiles | undefined,
): Promise<readonly StoredFile[]> {
  const owner = ownerOf(record);
  const isOwn = (file: StoredFile): boolean => contentFor(owner, file)?.kind === 'file';
  const known = (record.files.length > 0 ? record.files : single(record)).filter(isOwn);
  const manifest = manifestOf(record, known);
  const listed = ((manifest && (await list?.({ ...manifest, owner }))) ?? []).filter(isOwn);
  const others = (files: readonly StoredFile[]): StoredFile[] => {
    const keys = new Set(files.map(({ key }) => key));
    return listed.filter(({ key }) => !keys.has(key));
  };
  const isWhole = others(known).length + known.length === listed.length;
  return isWhole ? listed : [...known, ...others(known)];
}

/** A manifest elsewhere than beside the recording's file is none of it. */
export function manifestOf(
  record: Known,
  [first]: readonly Pick<StoredFile, 'bucket'>[],
): ManifestRef | undefined {
  const { manifest } = record;
  if (!manifest || first?.bucket !== manifest.bucket) return undefined;
  return contentFor(ownerOf(record), manifest)?.kind === 'manifest' ? manifest : undefined;
}

function single({ bucket, fileKey, fileSize }: Known): StoredFile[] {
  return bucket === null || fileKey === null ? [] : [{ bucket, key: fileKey, sizeBytes: fileSize }];
}
