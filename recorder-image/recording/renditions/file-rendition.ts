import { rm } from 'node:fs/promises';
import { contentTypeOf, extensionOf } from '../../contract/formats.ts';
import { takeKey } from '../../contract/object-keys.ts';
import type { Take } from '../../journal/take.ts';
import { TakeMuxer } from '../../mux/take-muxer.ts';
import { openFileUploader } from '../../upload/file-uploader.ts';
import { punchHole } from '../../upload/free-parts.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import { abandonUpload } from './abandon-upload.ts';
import type { FileKind } from './file-kind.ts';
import { joinIntoOneFile } from './joined-file.ts';
import { persistently } from './persistently.ts';
import { journalsOf, metadataOf } from './rendition.ts';
import type {
  Rendition,
  RenditionOptions,
  SavedTake,
  StoredFile,
  TakeJob,
  TakeJobEvents,
} from './rendition.ts';
import { JournalUpload } from './save-journal.ts';
import { sendWithoutFile } from './send-without-file.ts';
import { openTakeProof } from './take-proof.ts';

/** A file for each take, which grows while it is uploaded. */
export class FileRendition implements Rendition {
  readonly #options: RenditionOptions;
  readonly #kind: FileKind;

  constructor(options: RenditionOptions, kind: FileKind) {
    this.#options = options;
    this.#kind = kind;
  }

  async openTake(take: Take, { onProgress, onAgain }: TakeJobEvents): Promise<TakeJob> {
    const { config, spool, store, patience, log, startedAt } = this.#options;
    const { format } = this.#kind;
    const path = spool.outputPath(take.index, extensionOf(format));
    const key = takeKey(config.upload.key, take.index);
    const proof = await openTakeProof(this.#options, take, format);
    const uploader = await openFileUploader({
      ...patience,
      store,
      object: {
        key,
        contentType: contentTypeOf(format),
        metadata: { ...metadataOf(config), take: String(take.index) },
      },
      times: () => {
        const at = startedAt();
        return at === undefined ? {} : { 'started-at': new Date(at + take.startMs).toISOString() };
      },
      path,
      statePath: spool.uploadStatePath(take.index),
      partSize: partSizeFor(config.maxDurationMs / 1000),
      space: { punchHole },
      log: log.child({ take: take.index }),
      onProgress,
      observer: proof,
    });
    const prepare = async (): Promise<void> => {
      // An FFmpeg that outlived a killed recorder may still be writing: it keeps the old file, and nobody sees it.
      await rm(path, { force: true });
      uploader.restarted();
    };
    const { write, stream } = this.#kind.of(take, this.#options);
    return {
      muxer: new TakeMuxer({ take, make: (signal) => write({ path, prepare }, signal), onAgain, log }),
      uploader,
      journal: await JournalUpload.open(this.#options, take),
      proof: (signal) => persistently(this.#options, () => proof.of([key], signal), signal),
      saveWithoutRoom: async (signal) => {
        // What there was room for is room for what else has to be noted.
        await rm(path, { force: true });
        return await sendWithoutFile({ open: stream, uploader, log }, signal);
      },
      giveUp: async (signal) => {
        await rm(path, { force: true });
        await abandonUpload(this.#options, uploader.report, signal);
        return undefined;
      },
    };
  }

  async seal(
    saved: readonly SavedTake[],
    takes: readonly Take[],
    signal: AbortSignal,
  ): Promise<readonly StoredFile[]> {
    const files = saved.flatMap(({ file }) => file ?? []);
    const isWhole = files.length === saved.length && journalsOf(saved).length === 0;
    const isThere = takes.every(({ isReleased }) => !isReleased);
    const joined =
      isWhole && isThere && saved.length > 1
        ? await joinIntoOneFile(this.#options, { kind: this.#kind, files, takes }, signal)
        : undefined;
    if (joined !== undefined) return [joined];
    return saved.flatMap((one, index) => [
      ...this.#fileOf(one, takes[index]?.index ?? 1),
      ...journalsOf([one]),
    ]);
  }

  #fileOf({ file, proof }: SavedTake, take: number): readonly StoredFile[] {
    const { format } = this.#kind;
    return file === undefined || proof === undefined
      ? []
      : [{ ...file, format, contents: [{ takes: [take], proof }] }];
  }
}
