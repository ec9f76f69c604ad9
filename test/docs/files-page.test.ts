import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_KEY_TEMPLATE,
  KEY_VARIABLES,
  checkKeyTemplate,
} from '../../recorder-image/contract/key-template.ts';
import { contentOf } from '../../recorder-image/contract/key-content.ts';
import { firstColumn } from './tables.ts';

describe('docs/reference/files.md', async () => {
  const page = await readFile(new URL('../../docs/reference/files.md', import.meta.url), 'utf8');

  it('lists every variable of a template with what it stands for, and no other', () => {
    expect(firstColumn(page, 'Variables of the template')).toEqual(Object.keys(KEY_VARIABLES));
    for (const [name, meaning] of Object.entries(KEY_VARIABLES))
      expect(page).toContain(`| \`${name}\` | ${meaning} |`);
  });

  it('has the default, and examples that are taken', () => {
    expect(page).toContain(`Default: \`${DEFAULT_KEY_TEMPLATE}\``);
    const examples = /Examples: (.*)\./.exec(page)?.[1]?.split(', ') ?? [];
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) checkKeyTemplate(example.replaceAll('`', ''));
  });

  it('names files that are read as what it says', () => {
    const names = [...page.matchAll(/^ {8}(\S+) {2,}/gm)].map(([, name = '']) => name);
    expect(names).toHaveLength(8);
    for (const name of names)
      expect(contentOf(name.endsWith('/') ? `${name}x.m4s` : name), name).toBeDefined();
  });
});
