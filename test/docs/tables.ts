/** The first column of every table below a heading of a Markdown page, without backticks. */
export function firstColumn(page: string, heading: string): string[] {
  return rowsOf(page, heading)
    .map(([first = '']) => first)
    .slice(1);
}

/** The cells of every table below a heading of a Markdown page, its first row included, without backticks. */
export function rowsOf(page: string, heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`the page has no heading "${heading}"`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  return (end < 0 ? rest : rest.slice(0, end))
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}
