import type { OpenApiDocument, Operation } from '../../operator/api/openapi/document.ts';
import { HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values.ts';
import type { Random } from './random.ts';
import { placesIn, rendered, replaced, saysWhere } from './request-draft.ts';
import type { FuzzedRequest, Place, RequestDraft } from './request-draft.ts';
import { ValidValues } from './valid-values.ts';
import type { KnownValues } from './valid-values.ts';

interface FuzzerOptions {
  readonly document: OpenApiDocument;
  readonly random: Random;
  readonly known: KnownValues;
  /** Bodies that mean something, by operation, where the document says no more than that there is one. */
  readonly bodies?: Readonly<Record<string, readonly unknown[]>>;
}

const NUMBERS = [-1, 0, 0.5, 1e9, -1e9, 1e308, Number.MAX_SAFE_INTEGER];
/** Bodies that are no JSON, or not what anything is. */
const BROKEN_BODIES = ['{', '"text"', '[]', 'null', '{"a":1}{"a":1}', '[1e999]', '\u0000'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];

/**
 * Makes requests from an OpenAPI document. A third of them is all that the document asks for, so that what lies behind
 * the validation is reached; of most others one part is not; the rest is wrong in many ways.
 */
export class Fuzzer {
  readonly #random: Random;
  readonly #values: ValidValues;
  readonly #bodies: Readonly<Record<string, readonly unknown[]>>;
  readonly #operations: readonly { method: string; path: string; operation: Operation }[];

  constructor(options: FuzzerOptions) {
    this.#random = options.random;
    this.#values = new ValidValues(options);
    this.#bodies = options.bodies ?? {};
    this.#operations = Object.entries(options.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        operation,
      })),
    );
  }

  get operationIds(): string[] {
    return this.#operations.map(({ operation }) => operation.operationId);
  }

  next(): FuzzedRequest {
    const random = this.#random;
    let draft = this.#draft(random.pick(this.#operations));
    const kind = random.next();
    if (kind < 0.35) return rendered(draft);
    const faults = kind < 0.8 ? 1 : random.int(2, 5);
    for (let fault = 0; fault < faults; fault += 1) draft = this.#withFault(draft);
    return faults === 1 ? rendered(draft) : this.#disfigured(rendered(draft));
  }

  /** What the document asks for, of each operation. */
  valid(): FuzzedRequest[] {
    return this.#operations.map((each) => rendered(this.#draft(each, 'whole')));
  }

  /** Each part of each operation's request once with each hostile text and value, all else as it should be. */
  *singleFaults(): Generator<{ request: FuzzedRequest; where: string }> {
    for (const each of this.#operations) {
      const draft = this.#draft(each, 'whole');
      for (const place of placesIn(draft)) {
        const values = place.in === 'body' ? [...HOSTILE_TEXTS, ...HOSTILE_VALUES] : HOSTILE_TEXTS;
        for (const value of values)
          yield { request: rendered(replaced(draft, place, value)), where: saysWhere(place) };
      }
    }
  }

  /** @param extent whole: with everything that may be there */
  #draft(
    { method, path, operation }: { method: string; path: string; operation: Operation },
    extent: 'whole' | 'some' = 'some',
  ): RequestDraft {
    const random = this.#random;
    const parameters = { path: {}, query: {}, header: {} } as Record<
      'path' | 'query' | 'header',
      Record<string, unknown>
    >;
    for (const { name, in: place, required, schema } of operation.parameters) {
      if (!required && extent === 'some' && !random.chance(0.4)) continue;
      parameters[place][name] = this.#values.of(schema, name);
    }
    const { operationId } = operation;
    return { operationId, method, path, parameters, body: this.#body(operation, extent) };
  }

  #body({ operationId, requestBody }: Operation, extent: 'whole' | 'some'): unknown {
    const known = this.#bodies[operationId];
    if (known !== undefined) return this.#random.pick(known);
    const schema = requestBody?.content['application/json']?.schema;
    return schema === undefined ? undefined : this.#values.of(schema, '', extent === 'whole' ? 1 : 0.4);
  }

  #withFault(draft: RequestDraft): RequestDraft {
    const random = this.#random;
    if (random.chance(0.15)) {
      // Something that nobody knows, where something else is or nothing.
      const place: Place = random.chance(0.5)
        ? { in: 'query', name: random.pick(HOSTILE_TEXTS) || 'x' }
        : { in: 'body', path: [random.pick(HOSTILE_TEXTS)] };
      return replaced(draft, place, random.pick(HOSTILE_VALUES));
    }
    const places = placesIn(draft);
    if (places.length === 0) return draft;
    const value = random.chance(0.6)
      ? random.pick(HOSTILE_TEXTS)
      : random.pick([...HOSTILE_VALUES, ...NUMBERS]);
    return replaced(draft, random.pick(places), value);
  }

  /** Wrong also where the document has no words for it. */
  #disfigured(request: FuzzedRequest): FuzzedRequest {
    const random = this.#random;
    const method = random.chance(0.2) ? random.pick(METHODS) : request.method;
    const body = random.chance(0.2) ? random.pick(BROKEN_BODIES) : request.body;
    const type = random.chance(0.1) ? 'text/plain' : 'application/json';
    return {
      ...request,
      method,
      body: method === 'GET' ? undefined : body,
      headers: { ...request.headers, 'Content-Type': type },
    };
  }
}
