import { formatOf } from '../../recorder-image/contract/formats.ts';
import type { RecordingFile } from '../crd/status.ts';
import type { RecorderResult } from '../../recorder-image/contract/result.ts';

type Completed = Extract<RecorderResult, { outcome: 'completed' }>;

/** Every file that a result tells of, in order; only the first has a checksum. */
export function resultFiles(result: Completed): RecordingFile[] {
  const { bucket, key, url, sizeBytes, format, checksum } = result;
  const first = { bucket, key, url, sizeBytes, format, ...(checksum !== undefined && { checksum }) };
  const others = (result.files ?? []).filter((file) => file.key !== key);
  return [
    first,
    ...others.map((file) => ({
      ...file,
      bucket,
      url: `s3://${bucket}/${file.key}`,
      format: formatOf(file.key) ?? format,
    })),
  ];
}
