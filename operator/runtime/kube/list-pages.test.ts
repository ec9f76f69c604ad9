import { describe, expect, it } from 'vitest';
import { listPages } from './list-pages.ts';

const named = (name: string): object => ({ metadata: { name, annotations: { x: '"continue":"no",' } } });

/** As the API server writes lists of its own kinds, and those of custom ones. */
const builtIn = (next: string, ...names: string[]): object => ({
  kind: 'PodList',
  metadata: { resourceVersion: '7', ...(next && { continue: next }) },
  items: names.map(named),
});
const custom = (next: string, ...names: string[]): object => ({
  items: names.map(named),
  kind: 'ThingList',
  metadata: { continue: next, resourceVersion: '7' },
});

async function read(
  pages: Readonly<Record<string, object>>,
): Promise<{ names: unknown[]; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const names: unknown[] = [];
  const readPage = (next: string | undefined): Promise<string> => {
    asked.push(next);
    return Promise.resolve(JSON.stringify(pages[next ?? 'first']));
  };
  for await (const { items } of listPages<{ metadata: { name: string } }>(readPage))
    names.push(
      items.map(({ metadata }) => metadata.name),
      asked.length,
    );
  return { names, asked };
}

describe('listPages', () => {
  it.each([
    ['built-in', builtIn],
    ['custom', custom],
  ])(
    'asks for the next page of a list of a %s kind before it hands out the one before',
    async (_kind, list) => {
      const pages = { first: list('b', '1', '2'), b: list('c', '3'), c: list('', '4') };
      expect(await read(pages)).toEqual({
        names: [['1', '2'], 2, ['3'], 3, ['4'], 3],
        asked: [undefined, 'b', 'c'],
      });
    },
  );

  it('goes by what the list says when the token was not found without parsing it', async () => {
    const pages = { first: builtIn('"b"', '1'), '"b"': custom('', '2') };
    expect(await read(pages)).toEqual({ names: [['1'], 1, ['2'], 2], asked: [undefined, '"b"'] });
  });

  it('tells of a page that could not be read when its turn has come', async () => {
    const readPage = (next: string | undefined): Promise<string> =>
      next === undefined
        ? Promise.resolve(JSON.stringify(builtIn('b', '1')))
        : Promise.reject(new Error('expired'));
    const pages = listPages(readPage);
    expect((await pages.next()).done).toBe(false);
    await expect(pages.next()).rejects.toThrow('expired');
  });

  it('refuses what is no list', async () => {
    for (const text of ['', '<html>'])
      await expect(listPages(() => Promise.resolve(text)).next()).rejects.toThrow(SyntaxError);
    for (const text of ['{}', 'null', '[]'])
      await expect(listPages(() => Promise.resolve(text)).next()).rejects.toThrow(TypeError);
  });
});
