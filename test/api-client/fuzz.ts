import type { JsonSchema } from '../../operator/api/openapi/components.ts';
import type { OpenApiDocument, Operation } from '../../operator/api/openapi/document.ts';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values.ts';
import type { Random } from './random.ts';

export interface FuzzedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Makes requests from an OpenAPI document: most of each is what it takes, and some of it is not. */
export class Fuzzer {
  readonly #document: OpenApiDocument;
  readonly #random: Random;
  readonly #operations: readonly { method: string; path: string; operation: Operation }[];
  readonly #known: Readonly<Record<string, readonly string[]>>;

  /** @param options.known values of parameters that mean something, by the parameter's name */
  constructor(options: {
    document: OpenApiDocument;
    random: Random;
    known: Readonly<Record<string, readonly string[]>>;
  }) {
    this.#document = options.document;
    this.#random = options.random;
    this.#known = options.known;
    this.#operations = Object.entries(options.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
  }

  next(): FuzzedRequest {
    const random = this.#random;
    const { method, path, operation } = random.pick(this.#operations);
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let filled = path;
    for (const { name, in: place, schema } of operation.parameters) {
      if (place === 'path')
        filled = filled.replace(`{${name}}`, encodeURIComponent(this.#parameter(name, schema)));
      else if (place === 'query' && random.chance(0.6)) query.set(name, this.#parameter(name, schema));
      else if (place === 'header' && random.chance(0.3))
        headers[name] = headerText(this.#parameter(name, schema));
    }
    if (random.chance(0.1)) query.append(this.#hostileText() || 'x', this.#hostileText());
    const schema = operation.requestBody?.content['application/json']?.schema;
    const body = this.#body(schema);
    if (body !== undefined) headers['Content-Type'] = random.chance(0.97) ? 'application/json' : 'text/plain';
    const text = query.size > 0 ? `?${query.toString()}` : '';
    const sent = random.chance(0.97) ? method : random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH']);
    return { method: sent, path: filled + text, headers, body: sent === 'GET' ? undefined : body };
  }

  #body(schema: JsonSchema | undefined): string | undefined {
    const random = this.#random;
    if (random.chance(0.03))
      return random.pick(['{', '"text"', '[]', 'null', '{"a":1}'.repeat(2), '[1e999]', '\u0000']);
    if (schema === undefined)
      return random.chance(0.1) ? JSON.stringify({ [this.#hostileText()]: 1 }) : undefined;
    return JSON.stringify(this.#value(schema, ''));
  }

  #parameter(name: string, schema: JsonSchema): string {
    const known = this.#known[name];
    if (known !== undefined && this.#random.chance(0.6)) return this.#random.pick(known);
    const value = this.#value(schema, name);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    // encodeURIComponent throws for half a surrogate pair, which no client can put into an address.
    return text === '' ? 'x' : text.toWellFormed();
  }

  #value(given: JsonSchema, name: string): unknown {
    const random = this.#random;
    if (random.chance(0.08)) return random.pick(HOSTILE_VALUES);
    const schema = this.#resolved(given);
    const { type, enum: options, const: constant, items, properties } = schema;
    if (constant !== undefined) return constant;
    if (Array.isArray(options))
      return random.chance(0.9) ? random.pick(options as unknown[]) : this.#hostileText();
    const choices = schema['oneOf'] ?? schema['anyOf'];
    if (Array.isArray(choices) && properties === undefined)
      return this.#value(random.pick(choices as JsonSchema[]), name);
    const types = Array.isArray(type) ? (type as unknown[]) : [type];
    switch (random.pick(types.map((each) => (typeof each === 'string' ? each : 'string')))) {
      case 'object':
        return this.#object(schema);
      case 'array':
        return Array.from({ length: random.int(0, 3) }, () => this.#value((items ?? {}) as JsonSchema, name));
      case 'integer':
      case 'number':
        return this.#number(schema);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return this.#text(schema, name);
    }
  }

  #object(schema: JsonSchema): Record<string, unknown> {
    const random = this.#random;
    const required = new Set((schema['required'] ?? []) as string[]);
    const made: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(
      (schema['properties'] ?? {}) as Record<string, JsonSchema>,
    )) {
      if (random.chance(required.has(name) ? 0.95 : 0.5)) made[name] = this.#value(property, name);
    }
    if (random.chance(0.08)) made[this.#hostileText()] = random.pick(HOSTILE_VALUES);
    return made;
  }

  #number({ minimum, maximum }: JsonSchema): number {
    const random = this.#random;
    const low = typeof minimum === 'number' ? minimum : 0;
    const high = typeof maximum === 'number' ? maximum : 1_000_000;
    if (random.chance(0.7)) return random.int(low, high);
    return random.pick([low, high, low - 1, high + 1, low + 0.5, -high]);
  }

  #text({ examples }: JsonSchema, name: string): string {
    const random = this.#random;
    const known = this.#known[name];
    if (known !== undefined && random.chance(0.5)) return random.pick(known);
    if (Array.isArray(examples) && random.chance(0.5)) return String(random.pick(examples as unknown[]));
    return random.chance(0.5) ? this.#hostileText() : `text-${random.int(0, 99)}`;
  }

  #hostileText(): string {
    return this.#random.pick(HOSTILE_TEXTS);
  }

  #resolved(schema: JsonSchema): JsonSchema {
    const { $ref: ref } = schema;
    if (typeof ref !== 'string') return schema;
    return this.#document.components.schemas[ref.slice(ref.lastIndexOf('/') + 1)] ?? {};
  }
}

/** What HTTP clients let through in a header: they refuse the rest themselves. */
function headerText(text: string): string {
  return text.replaceAll(/[^\u0020-\u00FF]/g, '?').trim() || 'x';
}
