import { z } from 'zod';
import { uploadedFileSchema } from './upload-state.ts';

const sentSchema = z.object({ size: z.int().min(0), crc32: z.string() });

/** All that a recorder that starts again needs to know of the segments that are in S3. */
export const segmentsStateSchema = z.object({
  init: sentSchema.optional(),
  segments: z.array(sentSchema.extend({ name: z.string(), durationSeconds: z.number().min(0) })),
  completed: uploadedFileSchema.optional(),
});
export type SegmentsState = z.infer<typeof segmentsStateSchema>;
