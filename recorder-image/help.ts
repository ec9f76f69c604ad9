import type { z } from 'zod';
import { environmentSchema, salvageEnvironmentSchema } from './contract/environment.ts';

/** What `--help` prints: every environment variable with its default and meaning. */
export function helpText(): string {
  return [
    'recorder: records one RTMP publisher into a file in S3.',
    '',
    'It is configured by its environment alone; what concerns AWS itself (AWS_REGION, AWS_ACCESS_KEY_ID, …) is the',
    "AWS SDK's. SIGTERM stops it: it finishes the file, uploads it, writes its result and exits.",
    '',
    ...variables(environmentSchema.shape),
    '',
  ].join('\n');
}

/** The same for `salvage`. */
export function salvageHelpText(): string {
  return [
    'salvage: makes a playable file of what a recorder had stored in S3 that was lost with its node.',
    '',
    'It is given the environment of that recorder, and can be run again at any time.',
    '',
    ...variables(salvageEnvironmentSchema.shape),
    '',
  ].join('\n');
}

function variables(
  shape: Readonly<Record<string, z.ZodType<string | number | boolean | undefined>>>,
): string[] {
  const rows = Object.entries(shape).map(([name, field]) => {
    const parsed = field.safeParse(undefined);
    const fallback = parsed.success ? String(parsed.data ?? '') : 'required';
    return [name, fallback, field.meta()?.description ?? ''] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    ([name, fallback, meaning]) =>
      `  ${name.padEnd(widths[0] ?? 0)}  ${fallback.padEnd(widths[1] ?? 0)}  ${meaning}`,
  );
}
