import { describe, expect, it } from 'vitest';
import { openApiDocument } from './document.ts';
import { documentationPage } from './page.ts';

describe('the page at /docs', () => {
  const document = openApiDocument();
  const page = documentationPage(document);

  it('tells of every operation and every schema', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const ids = [
      ...operations.map(({ operationId }) => operationId),
      ...Object.keys(document.components.schemas),
    ];
    for (const id of ids) expect(page).toContain(`id="${id}"`);
  });

  it('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(|https?:/);
  });

  it('shows markup in texts as text', () => {
    const info = { ...document.info, title: '<b>"x"&' };
    expect(documentationPage({ ...document, info })).toContain('<h1>&lt;b&gt;&quot;x&quot;&amp; API');
  });
});
