import { z } from 'zod';
import type { OpenApiDocument, Operation } from '../../operator/api/openapi/document.ts';

export interface AnsweredRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
}

/** An answer that the document does not describe. */
export class UndescribedResponseError extends Error {
  readonly code = 'UNDESCRIBED_RESPONSE';

  constructor({ method, path, status, text }: AnsweredRequest, what: string) {
    super(`${method} ${path} answered ${status}, and ${what}: ${text.slice(0, 500)}`);
    this.name = 'UndescribedResponseError';
  }
}

/** Holds answers of the API against its OpenAPI document. */
export class ResponseCheck {
  readonly #document: OpenApiDocument;
  readonly #operations: { method: string; pattern: RegExp; operation: Operation }[];
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/g, '[^/]+')}$`),
        operation,
      })),
    );
  }

  /** Throws UndescribedResponseError. Paths and methods outside the document may only answer with a problem. */
  expect(answer: AnsweredRequest): void {
    const operation = this.#operations.find(
      ({ method, pattern }) => method === answer.method && pattern.test(answer.path),
    )?.operation;
    if (operation === undefined) {
      if (answer.status < 400)
        throw new UndescribedResponseError(answer, 'the document has no such operation');
      this.#fits(answer, '#/components/schemas/Problem');
      return;
    }
    const described = operation.responses[answer.status];
    if (described === undefined)
      throw new UndescribedResponseError(answer, 'the document has no such status');
    const type = answer.contentType?.split(';')[0] ?? '';
    const { content } = described;
    if (content === undefined) {
      if (answer.text !== '') throw new UndescribedResponseError(answer, 'there should be no body');
      return;
    }
    const schema = content[type]?.schema;
    if (schema === undefined) throw new UndescribedResponseError(answer, `its type ${type} is not described`);
    if (typeof schema['$ref'] === 'string') this.#fits(answer, schema['$ref']);
  }

  #fits(answer: AnsweredRequest, reference: string): void {
    const parsed = this.#schema(reference).safeParse(JSON.parse(answer.text));
    if (!parsed.success)
      throw new UndescribedResponseError(answer, `it is no ${reference}: ${parsed.error.message}`);
  }

  #schema(reference: string): z.ZodType {
    const known = this.#schemas.get(reference);
    if (known !== undefined) return known;
    const inDefinitions = (text: string): string => text.replaceAll('#/components/schemas/', '#/$defs/');
    const $defs = JSON.parse(inDefinitions(JSON.stringify(this.#document.components.schemas))) as object;
    const schema = z.fromJSONSchema({ $ref: inDefinitions(reference), $defs } as Parameters<
      typeof z.fromJSONSchema
    >[0]);
    this.#schemas.set(reference, schema);
    return schema;
  }
}
