import type { UploadReport } from '../../upload/take-uploader.ts';
import type { RenditionOptions } from './rendition.ts';

/** Aborts an upload that is never completed. One that stays is a leftover that the sweep takes away: it never throws. */
export async function abandonUpload(
  { store, log }: RenditionOptions,
  { key, uploadId }: UploadReport,
  signal: AbortSignal,
): Promise<void> {
  if (uploadId === undefined) return;
  try {
    await store.abort(key, uploadId, signal);
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ key, uploadId, error: String(error) }, 'An upload that nothing comes of is left open in S3');
  }
}
