import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  DEFAULT_KEY_TEMPLATE,
  KeyTemplateError,
  checkKeyTemplate,
} from '../../recorder-image/contract/key-template.ts';
import { CRD_FILES, renderCustomResourceDefinition } from '../../operator/crd/generate.ts';

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | object;
  description?: string;
}

/** The paths of all leaves, `a.b.c`. A section that the schema leaves open, as it does resources, is a leaf. */
function schemaPaths(schema: Schema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    child.properties === undefined ? [prefix + name] : schemaPaths(child, `${prefix}${name}.`),
  );
}

function valueAt(values: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], values);
}

function valuePaths(values: object, leaves: ReadonlySet<string>, prefix = ''): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const path = prefix + name;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isSection && !leaves.has(path) ? valuePaths(value as object, leaves, `${path}.`) : [path];
  });
}

describe("the chart's values", async () => {
  const chart = new URL('../../charts/meetrec/', import.meta.url);
  const schema = JSON.parse(await readFile(new URL('values.schema.json', chart), 'utf8')) as Schema;
  const values = parse(await readFile(new URL('values.yaml', chart), 'utf8')) as object;
  const described = schemaPaths(schema).filter((path) => path !== 'global');

  it('have a default for everything that the schema describes', () => {
    expect(described.filter((path) => valueAt(values, path) === undefined)).toEqual([]);
  });

  it('have nothing that the schema does not describe', () => {
    expect(valuePaths(values, new Set(described)).filter((path) => !described.includes(path))).toEqual([]);
  });
});

describe('the checked-in CustomResourceDefinition', () => {
  it.each(CRD_FILES.map((file) => [file.pathname.split('/').slice(-3).join('/'), file] as const))(
    '%s is what `make generate` makes',
    async (_, file) => {
      expect(await readFile(file, 'utf8')).toBe(renderCustomResourceDefinition());
    },
  );
});

describe('the template of keys', async () => {
  const chart = new URL('../../charts/meetrec/', import.meta.url);
  const schema = JSON.parse(await readFile(new URL('values.schema.json', chart), 'utf8')) as {
    properties: { s3: { properties: { keyTemplate: { pattern: string } } } };
  };
  const pattern = new RegExp(schema.properties.s3.properties.keyTemplate.pattern);

  it('is by default what the code has', async () => {
    const values = parse(await readFile(new URL('values.yaml', chart), 'utf8')) as object;
    expect(valueAt(values, 's3.keyTemplate')).toBe(DEFAULT_KEY_TEMPLATE);
  });

  it.each([DEFAULT_KEY_TEMPLATE, '{uid}', '{date}/{hash2}/{uid}', 'a/{uid}-{name}.d/{requestedBy}'])(
    'may be %s, also to the schema',
    (template) => {
      expect(() => checkKeyTemplate(template)).not.toThrow();
      expect(template).toMatch(pattern);
    },
  );

  it.each(['{meetingId}/{name}', '', '/{uid}', '{uid}/', 'a b/{uid}', '{name}-{uid}-{meetingId}'])(
    'may not be %s, which the schema says before anything is installed',
    (template) => {
      expect(() => checkKeyTemplate(template)).toThrow(KeyTemplateError);
      expect(template).not.toMatch(pattern);
    },
  );
});
