import { environmentSchema } from './contract/environment.ts';

/** What `--help` prints: every environment variable with its default and meaning. */
export function helpText(): string {
  const rows = Object.entries(environmentSchema.shape).map(([name, field]) => {
    const parsed = field.safeParse(undefined);
    const fallback = parsed.success ? String(parsed.data ?? '') : 'required';
    return [name, fallback, field.meta()?.description ?? ''] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    ([name, fallback, meaning]) =>
      `  ${name.padEnd(widths[0] ?? 0)}  ${fallback.padEnd(widths[1] ?? 0)}  ${meaning}`,
  );
  return [
    'recorder: records one RTMP publisher into a file in S3.',
    '',
    'It is configured by its environment alone; what concerns AWS itself (AWS_REGION, AWS_ACCESS_KEY_ID, …) is the',
    "AWS SDK's. SIGTERM stops it: it finishes the file, uploads it, writes its result and exits.",
    '',
    ...lines,
    '',
  ].join('\n');
}
