import type { JsonSchema } from '../../operator/api/openapi/components.ts';
import type { OpenApiDocument, Operation } from '../../operator/api/openapi/document.ts';

/** Who sends what a schema describes: clients, which must go on being understood, or the API. */
type Side = 'request' | 'response';

interface Comparison {
  readonly before: OpenApiDocument;
  readonly after: OpenApiDocument;
  readonly found: string[];
  /** Pairs of named schemas that were compared already, or are being compared. */
  readonly seen: Set<string>;
}

/**
 * What a client that was written for one document trips over with the next: one line each, none when there is nothing.
 * Adding is no change of this kind, but for what a request must have.
 */
export function breakingChanges(before: OpenApiDocument, after: OpenApiDocument): string[] {
  const comparison: Comparison = { before, after, found: [], seen: new Set() };
  for (const [path, methods] of Object.entries(before.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const next = after.paths[path]?.[method];
      const where = `${method.toUpperCase()} ${path}`;
      if (next === undefined) comparison.found.push(`${where} is gone`);
      else compareOperations(operation, next, where, comparison);
    }
  }
  return comparison.found;
}

function compareOperations(before: Operation, after: Operation, where: string, comparison: Comparison): void {
  const { found } = comparison;
  if (before.operationId !== after.operationId) found.push(`${where} has another operationId`);
  for (const parameter of before.parameters) {
    const next = after.parameters.find(({ name }) => name === parameter.name);
    if (next === undefined) found.push(`${where}: ${parameter.name} is gone`);
    else compare(parameter.schema, next.schema, `${where} ${parameter.name}`, 'request', comparison);
  }
  for (const { name, required } of after.parameters) {
    const known = before.parameters.find((parameter) => parameter.name === name);
    if (required && known?.required !== true) found.push(`${where}: ${name} is required now`);
  }
  const body = before.requestBody?.content['application/json']?.schema;
  const nextBody = after.requestBody?.content['application/json']?.schema;
  if (after.requestBody?.required === true && before.requestBody?.required !== true)
    found.push(`${where}: a body is required now`);
  if (body !== undefined && nextBody === undefined) found.push(`${where}: no body is taken any more`);
  if (body !== undefined && nextBody !== undefined)
    compare(body, nextBody, `${where} body`, 'request', comparison);
  for (const [status, { content = {} }] of Object.entries(before.responses)) {
    const next = after.responses[status];
    if (next === undefined) found.push(`${where}: ${status} is gone`);
    for (const [type, { schema }] of Object.entries(content)) {
      const nextSchema = next?.content?.[type]?.schema;
      if (nextSchema === undefined) found.push(`${where} ${status}: ${type} is gone`);
      else compare(schema, nextSchema, `${where} ${status}`, 'response', comparison);
    }
  }
}

function compare(one: JsonSchema, two: JsonSchema, where: string, side: Side, comparison: Comparison): void {
  const pair = `${side} ${String(one['$ref'])} ${String(two['$ref'])}`;
  if (one['$ref'] !== undefined && comparison.seen.has(pair)) return;
  comparison.seen.add(pair);
  const before = resolved(one, comparison.before);
  const after = resolved(two, comparison.after);
  const { found } = comparison;
  const lost = lostOptions(before, after, side);
  if (lost.length > 0)
    found.push(`${where}: ${lost.join(', ')} ${side === 'request' ? 'is not taken' : 'may come'}`);
  compareBounds(before, after, where, side, found);
  compareProperties(before, after, where, side, comparison);
  if (before['items'] !== undefined && after['items'] !== undefined)
    compare(before['items'] as JsonSchema, after['items'] as JsonSchema, `${where}[]`, side, comparison);
  const choices = (schema: JsonSchema): JsonSchema[] =>
    ((schema['anyOf'] ?? schema['oneOf'] ?? []) as JsonSchema[]).filter(
      (choice) => choice['required'] === undefined || choice['properties'] !== undefined,
    );
  for (const [index, choice] of choices(before).entries()) {
    const next = choices(after)[index];
    if (next === undefined) found.push(`${where}: a variant is gone`);
    else compare(choice, next, where, side, comparison);
  }
}

function compareProperties(
  before: JsonSchema,
  after: JsonSchema,
  where: string,
  side: Side,
  comparison: Comparison,
): void {
  const properties = (schema: JsonSchema): Record<string, JsonSchema> =>
    (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const required = (schema: JsonSchema): string[] => (schema['required'] ?? []) as string[];
  for (const [name, property] of Object.entries(properties(before))) {
    const next = properties(after)[name];
    if (next === undefined) comparison.found.push(`${where}: ${name} is gone`);
    else compare(property, next, `${where}.${name}`, side, comparison);
  }
  // A request must not need more than before, a response not have less.
  const [more, fewer] = side === 'request' ? [after, before] : [before, after];
  for (const name of required(more).filter((name) => !required(fewer).includes(name))) {
    comparison.found.push(
      `${where}: ${name} is ${side === 'request' ? 'required now' : 'not always there now'}`,
    );
  }
}

/** Types and enum values that clients sent and are not taken any more, or that they were never told might come. */
function lostOptions(before: JsonSchema, after: JsonSchema, side: Side): string[] {
  const options = (schema: JsonSchema): string[] => {
    const { type, enum: values, const: value } = schema;
    if (value !== undefined) return [JSON.stringify(value)];
    if (Array.isArray(values)) return values.map((each) => JSON.stringify(each));
    const types = Array.isArray(type)
      ? (type as unknown[]).map((each) => JSON.stringify(each))
      : type === undefined
        ? []
        : [JSON.stringify(type)];
    return types;
  };
  // Clients are told that codes and statuses may become more: only what they send must go on being taken.
  const isOpen = side === 'response' && before['enum'] !== undefined && after['enum'] !== undefined;
  const [had, has] = side === 'request' || isOpen ? [before, after] : [after, before];
  return options(had).filter((option) => !options(has).includes(option));
}

function compareBounds(
  before: JsonSchema,
  after: JsonSchema,
  where: string,
  side: Side,
  found: string[],
): void {
  if (side === 'response') return;
  for (const name of ['maximum', 'maxLength', 'maxItems', 'minimum', 'minLength', 'minItems']) {
    const [old, now] = [before[name], after[name]];
    if (typeof now !== 'number') continue;
    const isTighter = typeof old !== 'number' || (name.startsWith('max') ? now < old : now > old);
    if (isTighter) found.push(`${where}: ${name} is ${now} now`);
  }
  if (!isWiderPattern(before['pattern'], after['pattern'])) found.push(`${where}: pattern`);
}

/** Whether everything is taken that was taken before: of patterns that is only plain where one more way is added. */
function isWiderPattern(before: unknown, after: unknown): boolean {
  if (after === undefined || before === after) return true;
  return typeof before === 'string' && typeof after === 'string' && after.startsWith(`${before}|`);
}

function resolved(schema: JsonSchema, document: OpenApiDocument): JsonSchema {
  const { $ref: ref } = schema;
  if (typeof ref !== 'string') return schema;
  return document.components.schemas[ref.slice(ref.lastIndexOf('/') + 1)] ?? {};
}
