import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { renderManifestSchema, SCHEMA_FILE } from './generate.ts';

it('the JSON schema of manifests that is checked in is the one of the code: `make generate` writes it', async () => {
  expect(await readFile(SCHEMA_FILE, 'utf8')).toBe(renderManifestSchema());
});
