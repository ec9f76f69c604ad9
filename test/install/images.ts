import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const imagesSchema = z.object({
  operator: z.string(),
  recorder: z.string(),
  'agora-simulator': z.string(),
  'dev-s3': z.string(),
  'dev-mongodb': z.string(),
  'dev-gateway': z.string(),
});
export type Images = z.infer<typeof imagesSchema>;

/** The images that `make images` built last, as it noted them. */
export async function builtImages(file = 'out/images.json'): Promise<Images> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} is missing: run \`make images\` first`, { cause: error });
  }
  return imagesSchema.parse(JSON.parse(text));
}
