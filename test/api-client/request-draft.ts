/** A request of an operation before it is written down, so that single parts of it can be exchanged. */
export interface RequestDraft {
  readonly operationId: string;
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly parameters: Readonly<Record<'path' | 'query' | 'header', Readonly<Record<string, unknown>>>>;
  /** Undefined: there is none. */
  readonly body: unknown;
}

export interface FuzzedRequest {
  readonly operationId: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A part of a request: a parameter by its name, or a value in the body by its path. */
export type Place =
  | { readonly in: 'path' | 'query' | 'header'; readonly name: string }
  | { readonly in: 'body'; readonly path: readonly string[] };

/** Every part, those inside the body's objects and arrays included. */
export function placesIn(draft: RequestDraft): Place[] {
  const parameters = (['path', 'query', 'header'] as const).flatMap((place) =>
    Object.keys(draft.parameters[place]).map((name): Place => ({ in: place, name })),
  );
  const body = draft.body === undefined ? [] : pathsIn(draft.body, []);
  return [...parameters, ...body.map((path): Place => ({ in: 'body', path }))];
}

/** The same request with something else at one place. */
export function replaced(draft: RequestDraft, place: Place, value: unknown): RequestDraft {
  if (place.in === 'body') return { ...draft, body: replacedIn(draft.body, place.path, value) };
  const changed = { ...draft.parameters[place.in], [place.name]: value };
  return { ...draft, parameters: { ...draft.parameters, [place.in]: changed } };
}

export function saysWhere(place: Place): string {
  return place.in === 'body' ? `body/${place.path.join('/')}` : `${place.in}:${place.name}`;
}

/** As it is sent: values that are no text become their JSON, in addresses and headers. */
export function rendered(draft: RequestDraft): FuzzedRequest {
  const { operationId, method, parameters, body } = draft;
  let path = draft.path;
  for (const [name, value] of Object.entries(parameters.path)) {
    // An empty part would be another path, and half a surrogate pair no address.
    path = path.replace(`{${name}}`, () => encodeURIComponent(textOf(value).toWellFormed() || 'x'));
  }
  const query = new URLSearchParams(
    Object.entries(parameters.query).map(([name, value]): [string, string] => [name, textOf(value)]),
  );
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters.header)) headers[name] = headerText(textOf(value));
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return {
    operationId,
    method,
    path: query.size > 0 ? `${path}?${query.toString()}` : path,
    headers,
    body: method === 'GET' || body === undefined ? undefined : JSON.stringify(body),
  };
}

function pathsIn(value: unknown, path: readonly string[]): string[][] {
  const inside =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, child]) => pathsIn(child, [...path, name]))
      : [];
  return [[...path], ...inside];
}

function replacedIn(value: unknown, [name, ...rest]: readonly string[], next: unknown): unknown {
  if (name === undefined) return next;
  if (Array.isArray(value))
    return value.map((each, index) =>
      String(index) === name ? replacedIn(each, rest, next) : each,
    ) as unknown[];
  const object = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { ...object, [name]: replacedIn(object[name], rest, next) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What HTTP clients let through in a header: they refuse the rest themselves. */
function headerText(text: string): string {
  return text.replaceAll(/[^\u0020-\u00FF]/g, '?').trim() || 'x';
}
