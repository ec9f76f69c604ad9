import { readFile } from 'node:fs/promises';
import { format } from 'prettier';
import type { OpenApiDocument } from '../../operator/api/openapi/document.ts';

/** The API's description as it is checked in. */
export const OPENAPI_FILE = new URL('../../docs/reference/openapi.json', import.meta.url);

export async function checkedInDocument(): Promise<OpenApiDocument> {
  return JSON.parse(await readFile(OPENAPI_FILE, 'utf8')) as OpenApiDocument;
}

export function renderDocument(document: OpenApiDocument): Promise<string> {
  return format(JSON.stringify(document), { parser: 'json', printWidth: 110 });
}
