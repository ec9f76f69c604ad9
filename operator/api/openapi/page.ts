import type { JsonSchema } from './components.ts';
import type { OpenApiDocument, Operation } from './document.ts';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h2 { margin-top: 2.5rem; border-top: 1px solid #d0d7de; padding-top: 1rem; font-size: 1.1rem }
code { background: #f2f4f6; padding: .1em .3em; border-radius: 3px }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 } td, th { text-align: left; vertical-align: top;
padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #eaeef2 } details { margin: .5rem 0 } .method { color: #0550ae }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 } code { background: #21262d }
h2, td, th { border-color: #30363d } a, .method { color: #79b8ff } }`;

/** The document as one HTML page that loads nothing and runs no script. */
export function documentationPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method, path, operation)),
  );
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<h2 id="${text(name)}">${text(name)}</h2>${fields(schema)}`,
  );
  const { title, version, description } = document.info;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)} API</title><style>${STYLE}</style></head><body>
<h1>${text(title)} API ${text(version)}</h1><p>${text(description)} As a file: <a href="openapi.json">openapi.json</a>.</p>
${operations.join('\n')}
<h1>Schemas</h1>
${schemas.join('\n')}
</body></html>
`;
}

function section(method: string, path: string, operation: Operation): string {
  const { operationId, summary, parameters, requestBody, responses, security } = operation;
  const token = security === undefined ? '' : ' Needs a bearer token.';
  const inputs = parameters.map(({ name, in: place, description, schema }) => [
    `<code>${text(name)}</code>`,
    text(place),
    typeOf(schema),
    text(description ?? ''),
  ]);
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses).map(([status, { description, content = {} }]) => [
    `<code>${text(status)}</code>`,
    Object.values(content)
      .map(({ schema }) => typeOf(schema))
      .join(''),
    text(description).replaceAll(/`([^`]+)`/g, '<code>$1</code>'),
  ]);
  return `<h2 id="${text(operationId)}"><span class="method">${text(method.toUpperCase())}</span> ${text(path)}</h2>
<p>${text(summary)}${token}</p>${table(inputs)}${body === undefined ? '' : `<p>Body: ${typeOf(body)}</p>`}${table(answers)}`;
}

function fields(schema: JsonSchema): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = new Set((schema['required'] ?? []) as string[]);
  return table(
    properties.map(([name, property]) => [
      `<code>${text(name)}</code>${required.has(name) ? '' : '?'}`,
      typeOf(property),
      text(property['description'] ?? ''),
    ]),
  );
}

function typeOf(schema: JsonSchema): string {
  const { $ref: ref, anyOf, enum: options, type, items, properties } = schema;
  if (typeof ref === 'string') {
    const name = text(ref.slice(ref.lastIndexOf('/') + 1));
    return `<a href="#${name}">${name}</a>`;
  }
  const choices = anyOf ?? schema['oneOf'];
  if (Array.isArray(choices) && properties === undefined)
    return (choices as JsonSchema[]).map(typeOf).join(' or ');
  if (Array.isArray(options)) return options.map((option) => `<code>${text(option)}</code>`).join(' ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as JsonSchema)}`;
  const name = text(Array.isArray(type) ? type.join(' or ') : (type ?? ''));
  return properties === undefined ? name : `<details><summary>${name}</summary>${fields(schema)}</details>`;
}

function table(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return `<table>${body}</table>`;
}

function text(value: unknown): string {
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
