import { manifestSchema } from '../../recorder-image/contract/manifest.ts';
import type { FileFormat } from '../../recorder-image/contract/formats.ts';
import { folderOf } from '../../recorder-image/contract/object-keys.ts';
import type { ClaimedObject } from './own-object.ts';
import { StorageError } from './storage-error.ts';

interface ManifestPlace extends ClaimedObject {
  /** Of the manifest; without, it is read each time. */
  readonly checksum?: string | undefined;
}

interface ListedFile {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly sizeBytes: number;
  readonly format: FileFormat;
}

export interface RecordingManifestsOptions {
  /** Throws StorageError: `file-gone`, `storage-unavailable`, and `file-gone` where there is more than that. */
  readonly read: (file: ClaimedObject, maxBytes: number) => Promise<string>;
  /** Told of a manifest that is of no use, and why. */
  readonly onRefused: (manifest: ManifestPlace, why: string) => void;
}

/** A day of two tracks, a check sum each second, and of segments. */
const MAX_BYTES = 32_000_000;
const MAX_REMEMBERED = 200;

/** What manifests in S3 say of which files there are. */
export class RecordingManifests {
  readonly #options: RecordingManifestsOptions;
  readonly #known = new Map<string, readonly ListedFile[]>();

  constructor(options: RecordingManifestsOptions) {
    this.#options = options;
  }

  /**
   * The files that a manifest lists, in order; undefined where it is gone or of no use. All of them lie in its own folder.
   * Throws StorageError `storage-unavailable`.
   */
  async files(manifest: ManifestPlace): Promise<readonly ListedFile[] | undefined> {
    const { owner, bucket, key, checksum } = manifest;
    const id = JSON.stringify([bucket, key, checksum]);
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    try {
      const files = filesIn(await this.#options.read({ owner, bucket, key }, MAX_BYTES), manifest);
      if (checksum !== undefined) this.#remember(id, files);
      return files;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'storage-unavailable') throw error;
      this.#options.onRefused(manifest, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #remember(id: string, files: readonly ListedFile[]): void {
    this.#known.set(id, files);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Throws what is wrong with it. */
function filesIn(text: string, { bucket, key }: ManifestPlace): ListedFile[] {
  const { success, data, error } = manifestSchema.safeParse(JSON.parse(text));
  if (!success) throw new Error(`it is no manifest: ${error.issues[0]?.path.join('.')}`);
  return data.files.map((file) => {
    if (folderOf(file.key) !== folderOf(key)) throw new Error('it names a file outside its folder');
    return { bucket, key: file.key, sizeBytes: file.sizeBytes, format: file.format };
  });
}
