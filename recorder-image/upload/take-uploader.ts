import type { UploadedPart } from './part-plan.ts';
import type { UploadedFile } from './upload-state.ts';

/** How far an upload is, for those who ask. */
export interface UploadReport {
  readonly key: string;
  readonly uploadId?: string;
  /** Bytes. */
  readonly partSize?: number;
  readonly parts?: readonly Omit<UploadedPart, 'provisional'>[];
  /** How many whole objects it consists of so far, where it is no multipart upload. */
  readonly segments?: number;
}

/** Brings what is made of a take to S3 while it is made. */
export interface TakeUploader {
  /** What was made of the take, once S3 has confirmed the whole of it. */
  readonly completed: UploadedFile | undefined;
  readonly report: UploadReport;
  /** What is made of the take is as it will stay. */
  finish: () => void;
  /** It is being made again from the start. */
  restarted: () => void;
  /** Returns when all of it is in S3. */
  run: (signal: AbortSignal) => Promise<UploadedFile>;
}
