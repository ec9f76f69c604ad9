import type { z } from 'zod';
import { ProblemError } from './problem.ts';
import type { FieldError } from './problem.ts';

type Place = 'body' | 'query' | 'path' | 'header';

/** Parses what a client sent. Throws ProblemError `invalid-request`, which names every field that is wrong. */
export function validate<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: { readonly place: Place; readonly name?: string },
): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.flatMap((issue) => fieldErrors(issue, schema, where)));
}

/** @param errors every field that is wrong, and what to send instead */
export function invalidRequest(errors: readonly FieldError[]): ProblemError {
  const said = errors
    .slice(0, 5)
    .map(({ field, message }) => `${field.replace(/^\//, '') || 'body'}: ${message}`);
  const rest = errors.length > said.length ? `; and ${errors.length - said.length} more` : '';
  return new ProblemError('invalid-request', `${said.join('; ')}${rest}`, { errors });
}

function fieldErrors(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  where: { readonly place: Place; readonly name?: string },
): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = path.length === 0 ? knownFields(schema) : '';
    return issue.keys
      .slice(0, 20)
      .map((key) => ({ field: fieldName([...path, clipped(key)], where), message: `unknown field${known}` }));
  }
  return [{ field: fieldName(path, where), message: issue.message }];
}

function fieldName(
  path: readonly string[],
  where: { readonly place: Place; readonly name?: string },
): string {
  if (where.name !== undefined) return where.name;
  if (where.place !== 'body') return path.join('.');
  // RFC 6901
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function knownFields(schema: z.ZodType): string {
  if (!('shape' in schema)) return '';
  const names = Object.keys(schema.shape as object);
  return names.length === 0 ? '; none is known here' : `; known are ${names.join(', ')}`;
}

function clipped(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
