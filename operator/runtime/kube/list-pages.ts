import { setImmediate } from 'node:timers/promises';
import { parseWithoutManagedFields } from './managed-fields.ts';
import type { KubeList } from './objects.ts';

/**
 * Yields the pages of a list. Each is asked for before the one before it is parsed, so that the server is at work
 * meanwhile. Throws what `read` throws, and SyntaxError on what is no JSON.
 *
 * @param read reads the text of one page; undefined: of the first
 */
export async function* listPages<T>(
  read: (next: string | undefined) => Promise<string>,
): AsyncGenerator<KubeList<T>> {
  let coming = read(undefined);
  for (;;) {
    const text = await coming;
    const expected = continueToken(text);
    const ahead = expected === undefined ? undefined : read(expected);
    // It is waited for later, or never, should this page be of no use.
    ahead?.catch(() => undefined);
    // Parsing keeps everything else waiting, a request that is to be sent included.
    if (ahead) await setImmediate();
    const page = parseWithoutManagedFields(text) as KubeList<T>;
    const next = page.metadata.continue === '' ? undefined : page.metadata.continue;
    yield page;
    if (next === undefined) return;
    coming = ahead && next === expected ? ahead : read(next);
  }
}

/** The list's token, as far as it can be had without parsing: it stands before or behind the items. */
function continueToken(text: string): string | undefined {
  const edges = text.slice(0, Math.max(text.indexOf('"items":'), 0)) + text.slice(text.lastIndexOf(']'));
  return /"continue":"([^"\\]+)"/.exec(edges)?.[1];
}
