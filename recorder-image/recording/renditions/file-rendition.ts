import { rm } from 'node:fs/promises';
import type { Take } from '../../journal/take.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import type { Recipe } from '../../mux/recipes.ts';
import { TakeMuxer } from '../../mux/take-muxer.ts';
import type { MuxOutput } from '../../mux/take-muxer.ts';
import { openFileUploader, sizeOf } from '../../upload/file-uploader.ts';
import { punchHole } from '../../upload/free-parts.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { takeKey } from '../../contract/object-keys.ts';
import { joinIntoOneFile } from './joined-file.ts';
import type { Joint } from './joined-file.ts';
import { pourIntoStore } from './pour-into-store.ts';
import { metadataOf } from './rendition.ts';
import type { Rendition, RenditionOptions, SavedTake, TakeJob, TakeJobEvents } from './rendition.ts';

export interface FileKind {
  readonly extension: '.mp4' | '.webm';
  readonly contentType: string;
  readonly recipe: Recipe;
  /** For where there is no room for a file: what it makes is never gone back into. */
  readonly streamRecipe: Recipe;
  readonly joint: Joint;
}

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
    const { extension, contentType, recipe, streamRecipe } = this.#kind;
    const path = spool.outputPath(take.index, extension);
    const uploader = await openFileUploader({
      ...patience,
      store,
      object: {
        key: takeKey(config.upload.key, take.index),
        contentType,
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
    });
    const prepare = async (): Promise<MuxOutput> => {
      // An FFmpeg that outlived a killed recorder may still be writing: it keeps the old file, and nobody sees it.
      await rm(path, { force: true });
      uploader.restarted();
      return { path, recipe, size: () => sizeOf(path) };
    };
    const muxer = new TakeMuxer({ take, prepare, ffmpegPath: config.ffmpegPath, startFfmpeg, onAgain, log });
    const saveWithoutRoom = async (signal: AbortSignal): Promise<SavedTake> => {
      // What there was room for is room for what else has to be noted.
      await rm(path, { force: true });
      const file = await pourIntoStore({ muxer, uploader, recipe: streamRecipe, log }, signal);
      return { file, cutShort: false };
    };
    return { muxer, uploader, saveWithoutRoom };
  }

  async seal(
    files: readonly UploadedFile[],
    takes: readonly Take[],
    signal: AbortSignal,
  ): Promise<UploadedFile[]> {
    if (files.length < 2) return [...files];
    const { extension, contentType, joint } = this.#kind;
    const what = { extension, contentType, joint, files, takes };
    const joined = await joinIntoOneFile(this.#options, what, signal);
    return joined === undefined ? [...files] : [joined];
  }
}
