import { rm } from 'node:fs/promises';
import type { Take } from '../../journal/take.ts';
import { openFileUploader } from '../../upload/file-uploader.ts';
import { punchHole } from '../../upload/free-parts.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import { UploadLoop } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { contentTypeOf, extensionOf } from '../../contract/formats.ts';
import { takeKey } from '../../contract/object-keys.ts';
import type { FileKind } from './file-kind.ts';
import { metadataOf, timesOf } from './rendition.ts';
import type { RenditionOptions } from './rendition.ts';

/** Up to this size, in bytes, it is worth it to send all of the recording once more. */
const MAX_BYTES = 1024 * 1024 * 1024;

export interface Takes {
  /** What S3 has of each take, in order. */
  readonly files: readonly UploadedFile[];
  readonly takes: readonly Take[];
}

/** What a format needs for joining. */
export interface Joint {
  /** Bytes that the disk has to have, as a multiple of the recording. */
  readonly room: number;
  /** What writes one file of them, without encoding anew; undefined where one file can't hold them all. */
  readonly plan: (
    options: RenditionOptions,
    what: Takes,
    signal: AbortSignal,
  ) => Promise<((path: string) => Promise<void>) | undefined>;
}

/**
 * One file of several takes, made without encoding and put in the place of the first one's; the others' are deleted
 * then. Undefined where one file can't hold them all, or where it would take too long: the takes stay as they are.
 */
export async function joinIntoOneFile(
  options: RenditionOptions,
  what: Takes & { readonly kind: FileKind },
  signal: AbortSignal,
): Promise<UploadedFile | undefined> {
  const { config, spool, store, patience, log } = options;
  const { takes, files, kind } = what;
  const { format, joint } = kind;
  const key = config.upload.key;
  const size = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (size > MAX_BYTES) return undefined;

  const path = spool.joinedPath(extensionOf(format));
  const uploader = await openFileUploader({
    ...patience,
    store,
    object: {
      key,
      contentType: contentTypeOf(format),
      metadata: { ...metadataOf(config), take: joinedTakes(takes) },
    },
    times: () => timesOf(options),
    path,
    statePath: spool.joinedStatePath,
    partSize: partSizeFor(config.maxDurationMs / 1000),
    space: { punchHole, batchBytes: Infinity },
    log,
    onProgress: () => undefined,
  });
  // One that was joined by a recorder that died before it could note it is there already, in place of the first take.
  const before = uploader.completed ?? (await findJoined(options, joinedTakes(takes), signal));
  if (before === undefined) {
    const write = await joint.plan(options, what, signal);
    if (write === undefined) return undefined;
    // All of them are in S3, and the journal has them as well.
    await spool.clearOutputs(takes);
    // What was made of the takes so far is a recording, too: where there is no room for another one, that is it.
    if ((await spool.bytesFree()) < size * joint.room + config.minFreeBytes) return undefined;
    if (!(await make(options, () => write(path), signal))) return undefined;
    uploader.finish();
  }
  const joined = before ?? (await uploader.run(signal));
  for (const { index } of takes.slice(1)) await deleteLeftover(options, takeKey(key, index), signal);
  await rm(path, { force: true });
  log.info({ takes: takes.length }, 'joined the takes into one file');
  return joined;
}

/** Does it again until the object store lets it. Throws UploadError, or the signal's reason. */
export function persistently<T>(
  { patience, log }: RenditionOptions,
  request: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const loop = new UploadLoop({ ...patience, log });
  loop.finish();
  return loop.run<T>(
    async () => ({ done: await request() }),
    () => Promise.resolve(),
    signal,
  );
}

/** In the metadata of the joined object. */
function joinedTakes(takes: readonly Take[]): string {
  return `1-${takes.length}`;
}

async function findJoined(
  options: RenditionOptions,
  take: string,
  signal: AbortSignal,
): Promise<UploadedFile | undefined> {
  const { config, store } = options;
  const { key } = config.upload;
  const stored = await persistently(options, () => store.find(key, signal), signal);
  const { take: which, 'recording-id': whose } = stored?.metadata ?? {};
  if (stored === undefined || which !== take || whose !== config.recordingId) return undefined;
  const { sizeBytes, checksum } = stored;
  return { key, sizeBytes, ...(checksum === undefined ? {} : { checksum }) };
}

async function make(
  { spool, log }: RenditionOptions,
  write: () => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error: String(error) }, 'The takes could not be joined');
    return false;
  } finally {
    await spool.clearJoining();
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
