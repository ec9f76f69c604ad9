import type { Logger } from 'pino';
import type { ObjectStore, OpenUpload, StoredObject } from '../upload/object-store.ts';
import type { StoredPart } from '../upload/part-plan.ts';

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
  readonly recordingId: string;
  readonly log: Logger;
}

/**
 * Makes an object of what a lost recorder has sent, and returns it; undefined where it had sent nothing of use. An
 * object that is there already is left as it is. Aborts what is of no use.
 */
export async function completeAbandonedUpload(
  options: AbandonedUploadOptions,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const { store, key, recordingId, log } = options;
  const uploads = await store.openUploads(key, signal);
  const before = await store.find(key, signal);
  const there = before?.metadata['recording-id'] === recordingId;
  if (!there) {
    const best = await fullest(options, uploads, signal);
    if (best !== undefined) {
      const { uploadId, fullObjectChecksum } = best.upload;
      const checked = fullObjectChecksum && best.parts.every(({ crc32 }) => crc32 !== undefined);
      await store.complete({ key, uploadId, parts: best.parts, fullObjectChecksum: checked }, signal);
      log.info({ key, parts: best.parts.length }, 'completed what a lost recorder had sent');
    }
  }
  const after = there ? before : await store.find(key, signal);
  // Only now: what is aborted is gone, and until there is an object it may be all that there is.
  for (const { uploadId } of await store.openUploads(key, signal)) {
    await store.abort(key, uploadId, signal);
    log.info({ key, uploadId }, 'aborted an upload that is of no use');
  }
  return after;
}

async function fullest(
  { store, key }: AbandonedUploadOptions,
  uploads: readonly OpenUpload[],
  signal: AbortSignal,
): Promise<{ upload: OpenUpload; parts: StoredPart[] } | undefined> {
  let best: { upload: OpenUpload; parts: StoredPart[]; bytes: number } | undefined;
  for (const upload of uploads) {
    const parts = usableParts(await store.partsOf(key, upload.uploadId, signal));
    const bytes = parts.reduce((sum, { size }) => sum + size, 0);
    if (bytes > (best?.bytes ?? 0)) best = { upload, parts, bytes };
  }
  return best;
}
