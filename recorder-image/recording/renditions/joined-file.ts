import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { joinTakes, sharedConfigs } from '../../journal/join-takes.ts';
import type { SharedConfigs } from '../../journal/join-takes.ts';
import type { Take } from '../../journal/take.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import { hybridMp4 } from '../../mux/recipes.ts';
import { openFileUploader } from '../../upload/file-uploader.ts';
import { punchHole } from '../../upload/free-parts.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { takeKey } from '../object-key.ts';
import { metadataOf } from './rendition.ts';
import type { RenditionOptions } from './rendition.ts';

/** Up to this size, in bytes, it is worth it to send all of the recording once more. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * One MP4 of several takes, made without encoding and put in the place of the first one's; the others' are deleted
 * then. Undefined where one file can't hold them all, or where it would take too long: the takes stay as they are.
 */
export async function joinIntoOneFile(
  options: RenditionOptions,
  takes: readonly Take[],
  signal: AbortSignal,
): Promise<UploadedFile | undefined> {
  const { config, spool, store, patience, startedAt, log } = options;
  const key = config.upload.key;
  const size = takes.reduce((sum, take) => sum + take.size, 0);
  if (size > MAX_BYTES) return undefined;
  const configs = await sharedConfigs(takes);
  if (configs === undefined) return undefined;

  const path = spool.joinedPath;
  const uploader = await openFileUploader({
    ...patience,
    store,
    object: {
      key,
      contentType: 'video/mp4',
      metadata: { ...metadataOf(config), take: `1-${takes.length}` },
    },
    times: () => {
      const at = startedAt();
      return at === undefined ? {} : { 'started-at': new Date(at).toISOString() };
    },
    path,
    statePath: spool.joinedStatePath,
    partSize: partSizeFor(config.maxDurationMs / 1000),
    space: { punchHole, batchBytes: Infinity },
    log,
    onProgress: () => undefined,
  });
  if (uploader.completed === undefined) {
    // All of them are in S3, and the journal has them as well.
    await spool.clearOutputs(takes);
    // What was made of the takes so far is a recording, too: where there is no room for another one, that is it.
    if ((await spool.bytesFree()) < size * 1.1 + config.minFreeBytes) return undefined;
    if (!(await make({ options, takes, configs, path }, signal))) return undefined;
    uploader.finish();
  }
  const joined = await uploader.run(signal);
  for (const { index } of takes.slice(1)) await deleteLeftover(options, takeKey(key, index), signal);
  await rm(path, { force: true });
  log.info({ takes: takes.length }, 'joined the takes into one file');
  return joined;
}

async function make(
  what: {
    readonly options: RenditionOptions;
    readonly takes: readonly Take[];
    readonly configs: SharedConfigs;
    readonly path: string;
  },
  signal: AbortSignal,
): Promise<boolean> {
  const { options, takes, configs, path } = what;
  const { config, log } = options;
  await rm(path, { force: true });
  const input = Readable.from(joinTakes(takes, configs, signal), { objectMode: false });
  input.on('error', () => undefined);
  const ffmpeg = startFfmpeg({
    ffmpegPath: config.ffmpegPath,
    input,
    inputOptions: ['-f', 'flv'],
    outputOptions: hybridMp4({ videoCodec: takes.find((take) => take.videoCodec)?.videoCodec }),
    output: path,
    onLog: (line) => log.debug({ line }, 'FFmpeg says'),
  });
  signal.addEventListener('abort', ffmpeg.kill, { once: true });
  try {
    await ffmpeg.done;
    return input.readableEnded;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error: String(error) }, 'the takes could not be joined');
    return false;
  } finally {
    signal.removeEventListener('abort', ffmpeg.kill);
  }
}

/** One that stays is only a leftover: the recording is whole without it. */
async function deleteLeftover(
  { store, log }: RenditionOptions,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.delete(key, signal);
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ key, error: String(error) }, 'the file of a take that was joined is left in S3');
  }
}
