import { folderOf } from '../../recorder-image/contract/object-keys.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import { manifestRefSchema } from '../crd/status.ts';
import type { ManifestRef, RecorderReport } from '../crd/status.ts';
import { mergeGaps } from './gaps.ts';

export type Completed = Extract<RecorderResult, { outcome: 'completed' }>;

const MAX_MESSAGE_LENGTH = 1024;

/** What a result says of what is missing, as a status can hold it, but for the number of gaps. */
export function reportOf(result: Completed): RecorderReport {
  const { complete, incompleteReason, incompleteMessage, missingSeconds, gaps } = result;
  const manifest = manifestOf(result);
  return {
    ...(complete !== undefined && { complete }),
    ...(incompleteReason !== undefined && { reason: incompleteReason }),
    ...(incompleteMessage !== undefined && { message: incompleteMessage.slice(0, MAX_MESSAGE_LENGTH) }),
    ...(missingSeconds !== undefined && { missingSeconds }),
    ...(gaps !== undefined && { gaps: mergeGaps(gaps) }),
    ...(manifest !== undefined && { manifest }),
  };
}

/** A result is a claim: a manifest that lies elsewhere than its file is none of this recording. */
function manifestOf({ bucket, key, manifest }: Completed): ManifestRef | undefined {
  if (manifest === undefined || folderOf(manifest.key) !== folderOf(key)) return undefined;
  return manifestRefSchema.safeParse({ bucket, ...manifest }).data;
}
