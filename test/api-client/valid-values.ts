import type { JsonSchema } from '../../operator/api/openapi/components.ts';
import type { OpenApiDocument } from '../../operator/api/openapi/document.ts';
import { HOSTILE_TEXTS } from './hostile-values.ts';
import type { Random } from './random.ts';

/** Values that mean something, by the name of the field or parameter. */
export type KnownValues = Readonly<Record<string, readonly unknown[]>>;

interface ValidValuesOptions {
  readonly document: OpenApiDocument;
  readonly random: Random;
  readonly known: KnownValues;
}

/** Makes values that a JSON schema takes: each one as odd as it allows. */
export class ValidValues {
  readonly #document: OpenApiDocument;
  readonly #random: Random;
  readonly #known: KnownValues;

  constructor(options: ValidValuesOptions) {
    this.#document = options.document;
    this.#random = options.random;
    this.#known = options.known;
  }

  /**
   * @param name of the field or parameter that it is for
   * @param share of what may be left out of objects, how much is there
   */
  of(given: JsonSchema, name: string, share = 0.4): unknown {
    const random = this.#random;
    const known = this.#known[name];
    if (known !== undefined && known.length > 0) return random.pick(known);
    const schema = this.#resolved(given);
    const { const: constant, enum: options, oneOf, anyOf, properties } = schema;
    if (constant !== undefined) return constant;
    if (Array.isArray(options)) return random.pick(options as unknown[]);
    const choices = oneOf ?? anyOf;
    if (Array.isArray(choices) && properties === undefined)
      return this.of(random.pick(choices as JsonSchema[]), name, share);
    return this.#ofType(schema, name, share);
  }

  #ofType(schema: JsonSchema, name: string, share: number): unknown {
    const random = this.#random;
    const { type, items } = schema;
    switch (Array.isArray(type) ? random.pick(type as unknown[]) : type) {
      case 'object':
        return this.#object(schema, share);
      case 'array':
        return Array.from({ length: random.int(0, 3) }, () =>
          this.of((items ?? {}) as JsonSchema, name, share),
        );
      case 'integer':
      case 'number':
        return random.int(bound(schema, 'minimum', 0), bound(schema, 'maximum', 1_000_000));
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return this.#text(schema);
    }
  }

  /** What `oneOf` requires of an object is heeded: one of the variants is made, with nothing of the others. */
  #object(schema: JsonSchema, share: number): Record<string, unknown> {
    const random = this.#random;
    const variants = (Array.isArray(schema['oneOf']) ? schema['oneOf'] : [{}]) as JsonSchema[];
    const variant = random.pick(variants);
    const required = new Set([...namesIn(schema), ...namesIn(variant)]);
    const excluded = new Set([
      ...variants.flatMap((each) => (each === variant ? [] : namesIn(each))),
      ...namesIn((variant['not'] ?? {}) as JsonSchema),
    ]);
    const made: Record<string, unknown> = {};
    const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
    for (const [name, property] of Object.entries(properties)) {
      if (required.has(name) || (!excluded.has(name) && random.chance(share)))
        made[name] = this.of(property, name, share);
    }
    return made;
  }

  #text(schema: JsonSchema): string {
    const random = this.#random;
    const { examples } = schema;
    if (Array.isArray(examples)) return String(random.pick(examples as unknown[]));
    const odd = random.pick(HOSTILE_TEXTS);
    return random.chance(0.4) && takes(schema, odd) ? odd : `text-${random.int(0, 99)}`;
  }

  #resolved(schema: JsonSchema): JsonSchema {
    const { $ref: ref } = schema;
    if (typeof ref !== 'string') return schema;
    return this.#document.components.schemas[ref.slice(ref.lastIndexOf('/') + 1)] ?? {};
  }
}

function namesIn(schema: JsonSchema): string[] {
  return (schema['required'] ?? []) as string[];
}

function bound(schema: JsonSchema, name: string, fallback: number): number {
  const value = schema[name];
  return typeof value === 'number' ? value : fallback;
}

function takes(schema: JsonSchema, text: string): boolean {
  const { minLength, maxLength, pattern } = schema;
  if (typeof minLength === 'number' && text.length < minLength) return false;
  if (typeof maxLength === 'number' && text.length > maxLength) return false;
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text);
}
