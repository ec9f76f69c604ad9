import type { Logger } from 'pino';
import type { RecorderConfig } from '../config.ts';
import { ManifestWriter } from '../manifest/manifest-writer.ts';
import type { WrittenManifest } from '../manifest/manifest-writer.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import { UploadError, UploadLoop } from '../upload/upload-loop.ts';
import type { UploadLoopOptions } from '../upload/upload-loop.ts';
import { attemptManifest } from './attempt-manifest.ts';
import type { RecordedAttempt } from './attempt-manifest.ts';
import { metadataOf } from './renditions/rendition.ts';

export interface AttemptManifestsOptions {
  readonly config: RecorderConfig;
  readonly store: ObjectStore;
  readonly patience: Omit<UploadLoopOptions, 'log'>;
  readonly log: Logger;
}

/** Writes what an attempt has to say into the recording's folder. */
export class AttemptManifests {
  readonly #options: AttemptManifestsOptions;

  constructor(options: AttemptManifestsOptions) {
    this.#options = options;
  }

  /** Goes on until the store takes it. Returns the error where it refuses it: the files are there all the same. */
  async write(recorded: Omit<RecordedAttempt, 'writtenAt'>): Promise<WrittenManifest | UploadError> {
    const { config, store, patience, log } = this.#options;
    const { attempt, signingKey } = config;
    const { key } = config.upload;
    const writer = new ManifestWriter({ store, key, attempt, metadata: metadataOf(config), signingKey, log });
    const piece = attemptManifest({ ...recorded, writtenAt: new Date().toISOString() });
    const loop = new UploadLoop({ ...patience, log });
    loop.finish();
    try {
      const { signal } = new AbortController();
      const step = async (): Promise<{ done: WrittenManifest }> => ({
        done: await writer.write(piece, signal),
      });
      return await loop.run(step, () => Promise.resolve(), signal);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      log.error({ error }, 'the manifest could not be written');
      return error;
    }
  }
}
