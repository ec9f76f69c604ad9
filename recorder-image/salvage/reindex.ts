import { mkdtemp, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { copyWithFfmpeg } from '../mux/ffmpeg.ts';
import { indexedMp4, indexedWebm } from '../mux/recipes.ts';
import { openFileUploader } from '../upload/file-uploader.ts';
import type { ObjectStore, StoredObject } from '../upload/object-store.ts';
import { partSizeFor } from '../upload/part-plan.ts';
import { beginningOf, isUnfinished, mp4Duration } from './container.ts';
import type { SalvageConfig } from './salvage-config.ts';

/** In an object's metadata: it has been made anew with its index. */
export const REINDEXED = { salvaged: 'indexed' } as const;
/** In an object's metadata, as a string: seconds of media. */
export const DURATION = 'duration-seconds';

export interface ReindexOptions {
  readonly config: SalvageConfig;
  readonly store: ObjectStore;
  readonly key: string;
  readonly stored: StoredObject;
  readonly log: Logger;
}

/**
 * Makes an ordinary file, in which players can seek, of one that breaks off, and puts it in its place in one step.
 * What there was stays as it is until then, and for good where FFmpeg can't make anything of it.
 */
export async function reindex(options: ReindexOptions, signal: AbortSignal): Promise<void> {
  const { config, store, key, log } = options;
  await mkdir(config.storagePath, { recursive: true });
  const folder = await mkdtemp(join(config.storagePath, 'salvage-'));
  try {
    const broken = join(folder, `broken.${config.format}`);
    await store.download({ key }, broken, signal);
    // Another salvage has replaced it.
    if (!isUnfinished(await beginningOf(broken))) return;
    const path = await remux(broken, options, signal);
    if (path === undefined) return;
    await replace({ ...options, folder, path }, signal);
    log.info({ key }, 'replaced what broke off by a file with an index');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function remux(
  broken: string,
  options: ReindexOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { config, key, log } = options;
  const output = `${broken}.whole.${config.format}`;
  const recipe = config.format === 'webm' ? indexedWebm : indexedMp4;
  const assembly = {
    ffmpegPath: config.ffmpegPath,
    input: broken,
    // It breaks off in the middle of a packet.
    inputOptions: ['-fflags', '+discardcorrupt'],
    // The codec's tag is taken over from what was made for it.
    outputOptions: recipe,
    output,
    onLog: (line: string): void => log.debug({ key, line }, 'FFmpeg says'),
  };
  try {
    await copyWithFfmpeg(assembly, signal);
    return (await stat(output)).size > 0 ? output : undefined;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ key, error: String(error) }, 'it could not be given an index');
    return undefined;
  }
}

async function replace(
  options: ReindexOptions & { readonly folder: string; readonly path: string },
  signal: AbortSignal,
): Promise<void> {
  const { config, store, key, stored, log, folder, path } = options;
  const seconds = mp4Duration(await beginningOf(path));
  const uploader = await openFileUploader({
    store,
    object: {
      key,
      contentType: config.format === 'webm' ? 'video/webm' : 'video/mp4',
      metadata: {
        ...config.metadata,
        ...stored.metadata,
        ...REINDEXED,
        ...(seconds === undefined ? {} : { [DURATION]: seconds.toFixed(3) }),
      },
    },
    times: () => ({}),
    replaces: stored.etag,
    path,
    statePath: join(folder, 'upload.json'),
    partSize: partSizeFor(0),
    space: { punchHole: () => Promise.resolve(), batchBytes: Infinity },
    giveUpAfterMs: config.giveUpAfterMs,
    random: () => Math.random(),
    onTrouble: () => undefined,
    onProgress: () => undefined,
    log,
  });
  uploader.finish();
  await uploader.run(signal);
}
