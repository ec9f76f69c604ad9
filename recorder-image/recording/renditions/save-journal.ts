import { contentTypeOf } from '../../contract/formats.ts';
import { journalKey } from '../../contract/object-keys.ts';
import type { Take } from '../../journal/take.ts';
import { ledgerProof } from '../../proof/proof.ts';
import { abortable } from '../../support/abortable.ts';
import { openFileUploader } from '../../upload/file-uploader.ts';
import type { FileUploader } from '../../upload/file-uploader.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import { crc32OfParts } from '../../upload/read-part.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { metadataOf, timesOf } from './rendition.ts';
import type { RenditionOptions, StoredFile } from './rendition.ts';

/** Brings the journal of a take to the store as it is: for a take of which no file can be made. */
export class JournalUpload {
  readonly #take: Take;
  readonly #uploader: FileUploader;

  private constructor(take: Take, uploader: FileUploader) {
    this.#take = take;
    this.#uploader = uploader;
  }

  /** Goes on with what an earlier recorder has begun. */
  static async open(options: RenditionOptions, take: Take): Promise<JournalUpload> {
    const { config, spool, store, patience, log } = options;
    const uploader = await openFileUploader({
      ...patience,
      store,
      object: {
        key: journalKey(config.upload.key, take.index),
        contentType: contentTypeOf('flv'),
        metadata: { ...metadataOf(config), take: String(take.index) },
      },
      times: () => timesOf(options),
      path: take.path,
      statePath: spool.journalUploadStatePath(take.index),
      partSize: partSizeFor(config.maxDurationMs / 1000),
      // It is all that there is of the take: nothing of it goes before the store has all of it.
      space: { punchHole: () => Promise.resolve(), batchBytes: Infinity },
      log: log.child({ take: take.index }),
      onProgress: () => undefined,
    });
    return new JournalUpload(take, uploader);
  }

  /** The journal, once the store has confirmed the whole of it. */
  get completed(): UploadedFile | undefined {
    return this.#uploader.completed;
  }

  /** Waits for the take's end and returns when all of it is stored. Throws UploadError, or the signal's reason. */
  async run(signal: AbortSignal): Promise<StoredFile> {
    const take = this.#take;
    while (!take.ended) await abortable(take.changed(), signal);
    this.#uploader.finish();
    const file = await this.#uploader.run(signal);
    const crc32 = crc32OfParts(this.#uploader.report.parts ?? []);
    const proof = ledgerProof(take.stored.tracks, { sizeBytes: file.sizeBytes, crc32 });
    return { ...file, format: 'flv', contents: [{ takes: [take.index], proof }] };
  }
}
