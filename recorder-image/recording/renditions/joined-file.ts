import { rm } from 'node:fs/promises';
import type { Take } from '../../journal/take.ts';
import { openFileUploader } from '../../upload/file-uploader.ts';
import { punchHole } from '../../upload/free-parts.ts';
import { partSizeFor } from '../../upload/part-plan.ts';
import { ownerOf } from '../../upload/ownership.ts';
import { UploadError } from '../../upload/upload-loop.ts';
import type { UploadedFile } from '../../upload/upload-state.ts';
import { contentTypeOf, extensionOf } from '../../contract/formats.ts';
import { takeKey } from '../../contract/object-keys.ts';
import type { Expectation } from '../../proof/expectation.ts';
import { openOutputProof } from '../../proof/output-proof.ts';
import { ProofError } from '../../proof/proof.ts';
import type { Proof } from '../../proof/proof.ts';
import type { FileKind } from './file-kind.ts';
import { persistently } from './persistently.ts';
import { metadataOf, timesOf } from './rendition.ts';
import type { RenditionOptions, StoredFile } from './rendition.ts';

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
  /** How one file is made of them; undefined where one file can't hold them all. */
  readonly plan: (
    options: RenditionOptions,
    what: Takes,
    signal: AbortSignal,
  ) => Promise<JoinPlan | undefined>;
}

export interface JoinPlan {
  /** Writes it, without encoding anew. To be called once. */
  readonly write: (path: string) => Promise<void>;
  /** What it should hold, known once it is written. */
  readonly expectation: Expectation;
}

/** How often a file is made that turns out to be another one than its takes. */
const MAX_TRIES = 2;

/**
 * One file of several takes, made without encoding and put in the place of the first one's; the others' are deleted
 * then. Undefined where one file can't hold them all, where it would take too long, or where what comes of it is not
 * what the takes have: they stay as they are.
 */
export async function joinIntoOneFile(
  options: RenditionOptions,
  what: Takes & { readonly kind: FileKind },
  signal: AbortSignal,
): Promise<StoredFile | undefined> {
  const { config, log } = options;
  const { takes, files, kind } = what;
  const key = config.upload.key;
  if (files.reduce((sum, file) => sum + file.sizeBytes, 0) > MAX_BYTES) return undefined;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const joined = await join(options, what, signal);
    if (joined === 'differs') continue;
    if (joined === undefined) return undefined;
    for (const { index } of takes.slice(1)) await deleteLeftover(options, takeKey(key, index), signal);
    log.info({ takes: takes.length }, 'joined the takes into one file');
    const { file, proof } = joined;
    return { ...file, format: kind.format, contents: [{ takes: takes.map(({ index }) => index), proof }] };
  }
  log.error('the takes could not be joined into a file that has all of them');
  return undefined;
}

async function join(
  options: RenditionOptions,
  what: Takes & { readonly kind: FileKind },
  signal: AbortSignal,
): Promise<{ readonly file: UploadedFile; readonly proof: Proof } | 'differs' | undefined> {
  const { config, spool, store, patience, log } = options;
  const { takes, files, kind } = what;
  const { format } = kind;
  const key = config.upload.key;
  const path = spool.joinedPath(extensionOf(format));
  let plan: JoinPlan | undefined;
  const expectation: Expectation = {
    tracks: () => plan?.expectation.tracks() ?? [],
    offsetOf: () => plan?.expectation.offsetOf() ?? (() => takes[0]?.startMs ?? 0),
  };
  const observer = await openOutputProof({ format, expectation, path: spool.joinedProofPath, store, log });
  const uploader = await openFileUploader({
    ...patience,
    store,
    object: {
      key,
      contentType: contentTypeOf(format),
      metadata: { ...metadataOf(config), take: joinedTakes(takes) },
    },
    times: () => timesOf(options),
    replaces: files[0]?.etag,
    path,
    statePath: spool.joinedStatePath,
    partSize: partSizeFor(config.maxDurationMs / 1000),
    space: { punchHole, batchBytes: Infinity },
    log,
    onProgress: () => undefined,
    observer,
  });
  try {
    // One that was joined by a recorder that died before it could note it is there already, in place of the first take.
    const before = uploader.completed ?? (await findJoined(options, joinedTakes(takes), signal));
    if (before === undefined) {
      plan = await kind.joint.plan(options, what, signal);
      if (plan === undefined || !(await write(options, { ...what, plan, path }, signal))) return undefined;
      uploader.restarted();
      uploader.finish();
    }
    const file = before ?? (await unlessTaken(options, uploader.run(signal)));
    if (file === undefined) return undefined;
    const proof = await persistently(options, () => observer.of([key], signal), signal);
    return { file, proof };
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return 'differs';
  } finally {
    await rm(path, { force: true });
  }
}

/** Whether the file is written: what was made of the takes so far is a recording, too, and has to do otherwise. */
async function write(
  options: RenditionOptions,
  what: Takes & { readonly kind: FileKind; readonly plan: JoinPlan; readonly path: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { config, spool } = options;
  const { takes, files, kind, plan, path } = what;
  const size = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const writeFile = async (): Promise<boolean> => {
    // All of them are in S3, and the journal has them as well.
    await spool.clearOutputs(takes);
    if ((await spool.bytesFree()) < size * kind.joint.room + config.minFreeBytes) return false;
    await plan.write(path);
    return true;
  };
  return await make(options, writeFile, signal);
}

/** Somebody else's object in the place of the first take's leaves the takes as they are. */
async function unlessTaken(
  { log }: RenditionOptions,
  uploaded: Promise<UploadedFile>,
): Promise<UploadedFile | undefined> {
  try {
    return await uploaded;
  } catch (error) {
    if (!(error instanceof UploadError && error.code === 'KeyTaken')) throw error;
    log.warn({ error: error.message }, 'the takes are not joined');
    return undefined;
  }
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
  if (stored === undefined || stored.metadata['take'] !== take) return undefined;
  if (ownerOf(stored, metadataOf(config)) !== 'ours') return undefined;
  const { sizeBytes, checksum, etag } = stored;
  return {
    key,
    sizeBytes,
    ...(checksum === undefined ? {} : { checksum }),
    ...(etag === undefined ? {} : { etag }),
  };
}

async function make(
  { spool, log }: RenditionOptions,
  write: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await write();
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
