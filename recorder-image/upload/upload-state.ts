import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';

const partSchema = z.object({
  number: z.int().min(1),
  size: z.int().min(0),
  etag: z.string(),
  crc32: z.string(),
  provisional: z.boolean().optional(),
});

export const uploadedFileSchema = z.object({
  key: z.string(),
  sizeBytes: z.int().min(0),
  checksum: z.string().optional(),
  /** As the store answered when it completed it. */
  etag: z.string().optional(),
});

/** The object is whole in S3, and S3 has said so. */
export type UploadedFile = z.infer<typeof uploadedFileSchema>;

const uploadStateSchema = z.object({
  /** A multipart upload is being begun, whose id is not known yet. */
  beginning: z.boolean().optional(),
  uploadId: z.string().optional(),
  fullObjectChecksum: z.boolean().default(false),
  partSize: z.int().min(1),
  parts: z.array(partSchema),
  /** The store has completed it, with this ETag, and is still to be asked how large the object is. */
  made: z.object({ sizeBytes: z.int(), etag: z.string().optional() }).optional(),
  /** How often in a row the store has lost what was sent, when the last time was, in Unix ms, and how that showed. */
  lost: z.object({ times: z.int(), at: z.number(), why: z.string() }).optional(),
  completed: uploadedFileSchema.optional(),
});

/** All that a recorder that starts again needs to go on with an upload. */
export type UploadState = z.infer<typeof uploadStateSchema>;

export async function loadUploadState(path: string, partSize: number): Promise<UploadState> {
  const saved = uploadStateSchema.safeParse(await readJsonFile(path));
  return saved.success ? saved.data : { partSize, fullObjectChecksum: false, parts: [] };
}

export async function saveUploadState(path: string, state: UploadState): Promise<void> {
  await writeJsonFile(path, state);
}
