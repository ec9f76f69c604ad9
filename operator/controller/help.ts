import type { z } from 'zod';
import { controllerEnvironmentSchema } from './config.ts';

/** What --help prints: every variable of the environment. */
export function controllerHelp(): string {
  const lines = Object.entries(controllerEnvironmentSchema.shape).map(
    ([name, schema]: [string, z.ZodType]) => {
      const description = schema.meta()?.description ?? '';
      return `  ${name.padEnd(36)}${description}${fallback(schema)}`;
    },
  );
  return `Runs Meetrec's controller. It is configured by its environment alone:\n\n${lines.join('\n')}\n`;
}

function fallback(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return ' (required)';
  if (parsed.data === undefined) return '';
  return ` [${typeof parsed.data === 'string' ? parsed.data : JSON.stringify(parsed.data)}]`;
}
