import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CRD_FILES, renderCustomResourceDefinition } from './generate.ts';

describe('the checked-in CustomResourceDefinition', () => {
  it.each(CRD_FILES.map((file) => [file.pathname.split('/').slice(-2).join('/'), file] as const))(
    'is what the schema says: %s',
    async (_name, file) => {
      expect(await readFile(file, 'utf8')).toBe(renderCustomResourceDefinition());
    },
  );
});
