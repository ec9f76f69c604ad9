import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../operator/api/openapi/document.ts';
import type { OpenApiDocument } from '../../operator/api/openapi/document.ts';
import { breakingChanges } from './breaking-changes.ts';
import { checkedInDocument, OPENAPI_FILE, renderDocument } from './openapi-file.ts';
import { readFile } from 'node:fs/promises';

// Tests change copies of the document freely.
interface Loose {
  [name: string]: Loose;
}
const START = '/api/v1/meetings/{meetingId}/recording/start';

function changed(change: (document: Loose) => void): string[] {
  const before = openApiDocument();
  const after = structuredClone(before) as unknown as Loose;
  change(after);
  return breakingChanges(before, after as unknown as OpenApiDocument);
}
const at = (document: Loose, ...path: string[]): Loose =>
  path.reduce<Loose>((value, name) => value[name] as Loose, document);
const schemas = (document: Loose, name: string): Loose => at(document, 'components', 'schemas', name);

describe('the checked-in docs/reference/openapi.json', () => {
  it('is what the schemas say: `node test/api-client/cli.ts` writes it', async () => {
    expect(await readFile(OPENAPI_FILE, 'utf8')).toBe(await renderDocument(openApiDocument()));
  });

  it('is kept: clients written for it go on working', async () => {
    expect(breakingChanges(await checkedInDocument(), openApiDocument())).toEqual([]);
  });
});

describe('a change of the API', () => {
  it('breaks clients when a path, a method, a parameter or a status goes', () => {
    expect(changed((it) => delete (at(it, 'paths') as Record<string, unknown>)[START])).toEqual([
      `POST ${START} is gone`,
    ]);
    expect(
      changed((it) => delete (at(it, 'paths', START, 'post', 'responses') as Record<string, unknown>)['202']),
    ).toContain(`POST ${START}: 202 is gone`);
  });

  it('breaks clients when a field of an answer goes, or is not always there', () => {
    const found = changed((it) => {
      delete (at(schemas(it, 'Recording'), 'properties') as Record<string, unknown>)['fileUrl'];
      Object.assign(schemas(it, 'RecordingStatus'), { required: ['recording'] });
    });
    expect(found.some((line) => line.endsWith('fileUrl is gone'))).toBe(true);
    expect(found.some((line) => line.endsWith('live is not always there now'))).toBe(true);
  });

  it('breaks clients when a text has to look otherwise, and not when it may look so too', () => {
    const path = ['paths', '/api/v1/meetings/{meetingId}/recording/download', 'get', 'parameters'];
    const withPattern = (pattern: (before: string) => string): string[] =>
      changed((it) => {
        const parameters = at(it, ...path) as unknown as { name: string; schema: { pattern: string } }[];
        const schema = parameters.find(({ name }) => name === 'recordingId')?.schema;
        if (schema) schema.pattern = pattern(schema.pattern);
      });
    expect(withPattern((before) => `${before}|^another$`)).toEqual([]);
    expect(withPattern(() => '^rec-')).toHaveLength(1);
    expect(withPattern((before) => `^x|${before}`)).toHaveLength(1);
  });

  it('breaks clients when a value is not taken any more, or a bound is tighter', () => {
    const found = changed((it) => {
      const properties = at(schemas(it, 'RecordingOptions'), 'properties');
      Object.assign(at(properties, 'format'), { enum: ['mp4'] });
      Object.assign(at(properties, 'fps'), { maximum: 5 });
    });
    expect(found).toEqual([
      `POST ${START} body.format: "webm", "m3u8" is not taken`,
      `POST ${START} body.fps: maximum is 5 now`,
    ]);
  });

  it('breaks clients when a request must have more', () => {
    const found = changed((it) => {
      Object.assign(schemas(it, 'RecordingOptions'), { required: ['format'] });
    });
    expect(found).toEqual([`POST ${START} body: format is required now`]);
  });

  it('breaks no client when something is added', () => {
    const found = changed((it) => {
      Object.assign(at(it, 'paths'), { '/api/v1/new': {} });
      Object.assign(at(schemas(it, 'RecordingOptions'), 'properties'), { invented: { type: 'string' } });
      Object.assign(at(schemas(it, 'Recording'), 'properties'), { more: { type: 'string' } });
      Object.assign(at(schemas(it, 'Problem'), 'properties', 'code'), {
        enum: [...(at(schemas(it, 'Problem'), 'properties', 'code')['enum'] as unknown as string[]), 'new'],
      });
    });
    expect(found).toEqual([]);
  });
});
