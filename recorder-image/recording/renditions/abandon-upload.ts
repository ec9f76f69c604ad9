import { abortQuietly } from '../../upload/orphans.ts';
import type { UploadReport } from '../../upload/take-uploader.ts';
import type { RenditionOptions } from './rendition.ts';

/** Aborts an upload that is never completed. One that stays is a leftover that the sweep takes away: it never throws. */
export async function abandonUpload(
  { store, log }: RenditionOptions,
  { key, uploadId }: UploadReport,
  signal: AbortSignal,
): Promise<void> {
  if (uploadId !== undefined) await abortQuietly({ store, key, uploadId, log }, signal);
}
