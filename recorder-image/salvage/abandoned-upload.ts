import type { Logger } from 'pino';
import { pause } from '../support/pause.ts';
import { sameEtag } from '../upload/multipart-etag.ts';
import { ObjectStoreError } from '../upload/object-store.ts';
import type { MadeObject, ObjectStore, OpenUpload, StoredObject } from '../upload/object-store.ts';
import { completeOwn } from '../upload/own-objects.ts';
import { ownerOf } from '../upload/ownership.ts';
import type { StoredPart } from '../upload/part-plan.ts';
import { UploadError } from '../upload/upload-loop.ts';
import { abortIfThere, isClaim, isGone } from './claim.ts';
import type { Claim, ClaimLeft } from './claim.ts';

/** Between two looks for an object that somebody is making, in ms. */
const LOOK_MS = 1000;
/** How many of them: as long as a completion may take. */
const MOST_LOOKS = 300;

/**
 * The parts of which an object can be made: those from the first one on without a gap, of one size but for the last.
 * Without the first one there is no header, and nothing can be made.
 */
export function usableParts(parts: readonly StoredPart[]): StoredPart[] {
  const size = parts[0]?.size;
  const usable: StoredPart[] = [];
  for (const part of parts) {
    if (part.number !== usable.length + 1) break;
    usable.push(part);
    if (part.size !== size) break;
  }
  return usable;
}

export interface AbandonedUploadOptions {
  readonly store: ObjectStore;
  readonly key: string;
  /** By which an object is known as this recording's. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Made before anything is completed; to be released by the caller. */
  readonly claim: Claim;
  readonly log: Logger;
  /** Between two looks. */
  readonly pause?: (ms: number, signals: readonly AbortSignal[]) => Promise<void>;
}

/** An upload of which an object can be made. */
interface Usable {
  readonly upload: OpenUpload;
  readonly parts: readonly StoredPart[];
  readonly bytes: number;
}

/**
 * Makes an object of what a lost recorder has sent, and returns it; undefined where it had sent nothing of use. An
 * object that is there already is left as it is. Where another salvage is at it, its object is waited for. Aborts what
 * is of no use. Throws UploadError where the object is gone that it has made.
 */
export async function completeAbandonedUpload(
  options: AbandonedUploadOptions,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const { store, key, metadata, log } = options;
  let useless: readonly OpenUpload[] = [];
  let made: MadeObject | undefined;
  // Without a trace of an object that is being made, what is not there is not to come.
  for (let look = 1, traces = false; look <= MOST_LOOKS; look += 1) {
    // Asked for before the object: what becomes one in between would otherwise be missed in both.
    const uploads = await store.openUploads(key, signal);
    const stored = await store.find(key, signal);
    const owner = stored === undefined ? undefined : ownerOf(stored, metadata);
    const seen = owner === 'ours' ? NOTHING : await survey(options, uploads, signal);
    // One that says nothing of itself is ours where there is nothing else to be saved, or if it is what we have made.
    const unknown = owner === 'unknown' && (seen.usable === undefined || sameEtag(made?.etag, stored?.etag));
    if (stored !== undefined && (owner === 'ours' || unknown)) {
      // Only now: what is aborted is gone, and until there is an object it may be all that there is.
      await abortUploads(options, uploads, signal);
      return stored;
    }
    useless = seen.useless;
    traces ||= seen.claimed || seen.usable !== undefined;
    if (!traces) break;
    if (seen.usable !== undefined) made = (await complete(options, seen, seen.usable, signal)) ?? made;
    if (seen.usable === undefined || look > 1) await nextLook(options, signal);
    if (look === MOST_LOOKS)
      log.warn({ key }, 'another salvage has left no object; there is nothing to save');
  }
  if (made !== undefined) throw new UploadError(notKept(key));
  await abortUploads(options, useless, signal);
  return undefined;
}

/** The object of this recording, once it is there: it was, and is replaced by another one. */
export async function findAgain(
  options: AbandonedUploadOptions,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const { store, key, metadata } = options;
  for (let look = 1; ; look += 1) {
    const stored = await store.find(key, signal);
    if (stored !== undefined && ownerOf(stored, metadata) !== 'another') return stored;
    if (look >= MOST_LOOKS) return undefined;
    await nextLook(options, signal);
  }
}

async function nextLook(options: AbandonedUploadOptions, signal: AbortSignal): Promise<void> {
  await (options.pause ?? pause)(LOOK_MS, [signal]);
  signal.throwIfAborted();
}

/** Undefined where another one has completed it. Throws KeyTakenError. */
async function complete(
  { store, key, claim, metadata, log }: AbandonedUploadOptions,
  { claimLeft }: Survey,
  { upload, parts }: Usable,
  signal: AbortSignal,
): Promise<MadeObject | undefined> {
  const { uploadId, fullObjectChecksum } = upload;
  const checked = fullObjectChecksum && parts.every(({ crc32 }) => crc32 !== undefined);
  await claim.make(signal, claimLeft);
  try {
    const completed = { key, uploadId, parts, fullObjectChecksum: checked, metadata };
    const made = await completeOwn(store, completed, signal);
    log.info({ key, parts: parts.length }, 'completed what a lost recorder had sent');
    return made;
  } catch (error) {
    if (!isGone(error)) throw error;
    log.info({ key, uploadId }, 'another one has completed what a lost recorder had sent');
    return undefined;
  }
}

function notKept(key: string): ObjectStoreError {
  const message = `NotKept: the store has completed ${key}, and has no such object: look for what moves objects`;
  return new ObjectStoreError(message, { code: 'NotKept', failure: 'refused' });
}

interface Survey {
  /** The fullest of those of which an object can be made. */
  readonly usable: Usable | undefined;
  /** Somebody else has said, or shown, that it is making an object. */
  readonly claimed: boolean;
  /** What a salvage has left that was killed as it claimed. */
  readonly claimLeft: ClaimLeft | undefined;
  readonly useless: readonly OpenUpload[];
}

const NOTHING: Survey = { usable: undefined, claimed: false, claimLeft: undefined, useless: [] };

async function survey(
  { store, key, claim }: AbandonedUploadOptions,
  uploads: readonly OpenUpload[],
  signal: AbortSignal,
): Promise<Survey> {
  let { usable, claimed, claimLeft } = NOTHING;
  const useless: OpenUpload[] = [];
  for (const upload of uploads) {
    const { uploadId } = upload;
    if (uploadId === claim.uploadId) continue;
    const listed = await partsUnlessGone(store, { key, uploadId }, signal);
    const parts = usableParts(listed ?? []);
    const bytes = parts.reduce((sum, { size }) => sum + size, 0);
    const marked = listed !== undefined && isClaim(listed);
    claimed ||= listed === undefined || marked;
    if (marked || (listed?.length === 0 && claimLeft === undefined)) claimLeft = { uploadId, marked };
    if (parts.length === 0) useless.push(upload);
    if (bytes > (usable?.bytes ?? 0)) usable = { upload, parts, bytes };
  }
  return { usable, claimed, claimLeft, useless };
}

async function partsUnlessGone(
  store: ObjectStore,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<StoredPart[] | undefined> {
  try {
    return await store.partsOf(key, uploadId, signal);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function abortUploads(
  { store, key, claim, log }: AbandonedUploadOptions,
  uploads: readonly OpenUpload[],
  signal: AbortSignal,
): Promise<void> {
  for (const { uploadId } of uploads) {
    if (uploadId === claim.uploadId) continue;
    await abortIfThere(store, { key, uploadId }, signal);
    log.info({ key, uploadId }, 'aborted an upload that is of no use');
  }
}
