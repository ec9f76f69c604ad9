import type { RecorderResult } from '../../recorder-image/contract/result.ts';
import type { RecorderReport } from '../crd/status.ts';
import { mergeGaps } from './gaps.ts';

export type Completed = Extract<RecorderResult, { outcome: 'completed' }>;

const MAX_MESSAGE_LENGTH = 1024;

/** What a result says of what is missing, as a status can hold it, but for the number of gaps. */
export function reportOf(result: Completed): RecorderReport {
  const { bucket, manifest, complete, incompleteReason, incompleteMessage, missingSeconds, gaps } = result;
  return {
    ...(complete !== undefined && { complete }),
    ...(incompleteReason !== undefined && { reason: incompleteReason }),
    ...(incompleteMessage !== undefined && { message: incompleteMessage.slice(0, MAX_MESSAGE_LENGTH) }),
    ...(missingSeconds !== undefined && { missingSeconds }),
    ...(gaps !== undefined && { gaps: mergeGaps(gaps) }),
    ...(manifest !== undefined && { manifest: { bucket, ...manifest } }),
  };
}
