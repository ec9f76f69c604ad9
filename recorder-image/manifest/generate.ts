import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { manifestSchema } from '../contract/manifest.ts';

/** Where the generated JSON schema of manifests is checked in. */
export const SCHEMA_FILE = new URL('../../docs/reference/manifest.schema.json', import.meta.url);

export function renderManifestSchema(): string {
  // As it may be read: with fields that are not known yet.
  const schema = z.toJSONSchema(manifestSchema, { io: 'input' });
  const title = 'Manifest of a recording';
  const description =
    'Generated from recorder-image/contract/manifest.ts by `make generate`. See docs/reference/manifest.md.';
  return `${JSON.stringify({ title, description, ...schema }, undefined, 2)}\n`;
}

if (import.meta.main) await writeFile(SCHEMA_FILE, renderManifestSchema());
