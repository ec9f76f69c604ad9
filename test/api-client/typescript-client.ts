import type { JsonSchema } from '../../operator/api/openapi/components.ts';
import type { OpenApiDocument, Operation } from '../../operator/api/openapi/document.ts';

const RUNTIME = `
/** An answer that is not a success. */
export class ApiProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ApiProblemError';
    this.problem = problem;
  }
}

export interface ClientOptions {
  /** Scheme, host and port. */
  readonly baseUrl: string;
  readonly token: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: object | undefined;
  readonly headers?: object | undefined;
  readonly body?: unknown;
}

async function send<T>(options: ClientOptions, call: Call): Promise<T> {
  const url = new URL(call.path, options.baseUrl);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ Authorization: \`Bearer \${options.token}\` });
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    if (value !== undefined) headers.set(name, String(value));
  }
  if (call.body !== undefined) headers.set('Content-Type', 'application/json');
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const response = await fetch(url, { method: call.method, headers, body });
  const text = await response.text();
  const isJson = response.headers.get('Content-Type')?.includes('json') === true;
  if (!response.ok) throw new ApiProblemError(JSON.parse(text) as Problem);
  return (isJson ? JSON.parse(text) : text) as T;
}
`;

/** A client in TypeScript that needs nothing but \`fetch\`, made from the API's description. */
export function typescriptClient(document: OpenApiDocument): string {
  const types = Object.entries(document.components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  const methods = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => methodOf(method, path, operation)),
  );
  return `${types.join('\n\n')}
${RUNTIME}
export class MeetrecClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

${methods.join('\n\n')}
}
`;
}

function methodOf(method: string, path: string, operation: Operation): string {
  const { operationId, summary, parameters, requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const groups = (['path', 'query', 'header'] as const).map((place) => ({
    place,
    fields: parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, required, schema }) => `${quoted(name)}${required ? '' : '?'}: ${typeOf(schema)}`),
  }));
  const wanted = groups.flatMap(({ place, fields }) => {
    if (fields.length === 0) return [];
    return [`${place}${place === 'path' ? '' : '?'}: { ${fields.join('; ')} }`];
  });
  if (body !== undefined) wanted.push(`body${requestBody?.required === true ? '' : '?'}: ${typeOf(body)}`);
  const answers = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content = {} }]) => Object.values(content).map(({ schema }) => typeOf(schema)));
  const address = path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => `\${encodeURIComponent(request.path.${name})}`,
  );
  const sent = ['query', 'header', 'body'].filter((part) => wanted.some((text) => text.startsWith(part)));
  const parts = sent.map((part) => `${part === 'header' ? 'headers' : part}: request.${part}`);
  const call = [`method: '${method.toUpperCase()}'`, `path: \`${address}\``, ...parts];
  const taken = wanted.length === 0 ? '' : `request: { ${wanted.join('; ')} }`;
  return `  /** ${summary} */
  ${operationId}(${taken}): Promise<${[...new Set(answers)].join(' | ')}> {
    return send(this.#options, { ${call.join(', ')} });
  }`;
}

function typeOf(schema: JsonSchema): string {
  const { $ref: ref, const: constant, enum: options, type, items, properties } = schema;
  if (typeof ref === 'string') return ref.slice(ref.lastIndexOf('/') + 1);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(options)) return options.map((option) => JSON.stringify(option)).join(' | ');
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices) && properties === undefined)
    return (choices as JsonSchema[]).map(typeOf).join(' | ');
  if (Array.isArray(type))
    return (type as string[]).map((each) => typeOf({ ...schema, type: each })).join(' | ');
  if (type === 'object') return objectType(schema);
  if (type === 'array') return `(${typeOf((items ?? {}) as JsonSchema)})[]`;
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' || type === 'boolean' || type === 'null' ? type : 'unknown';
}

function objectType(schema: JsonSchema): string {
  const required = new Set((schema['required'] ?? []) as string[]);
  const fields = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>).map(
    ([name, property]) => `${quoted(name)}${required.has(name) ? '' : '?'}: ${typeOf(property)}`,
  );
  return fields.length === 0 ? 'Record<string, unknown>' : `{ ${fields.join('; ')} }`;
}

function quoted(name: string): string {
  return /^\w+$/.test(name) ? name : `'${name}'`;
}
