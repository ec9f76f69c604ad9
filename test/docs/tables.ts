/** The first column of every table below a heading of a Markdown page, without backticks. */
export function firstColumn(page: string, heading: string): string[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`the page has no heading "${heading}"`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  return (end < 0 ? rest : rest.slice(0, end))
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => (line.split('|')[1] ?? '').trim().replaceAll('`', ''))
    .slice(1);
}
