/**
 * What an object consists of, whatever the values: sorted paths of its leaves, such as
 * `spec.containers[recorder].image`. Elements of a list go by their kind, name, type or path, and by `*` when they have none.
 */
export function shapeOf(object: unknown): readonly string[] {
  return [...new Set(leaves(object, ''))].sort();
}

/** The paths that only one of two shapes has, with the name of its side before each. */
export function differences(first: Named, second: Named): string[] {
  const only = (one: Named, other: Named): string[] =>
    one.shape.filter((path) => !other.shape.includes(path)).map((path) => `${one.name} alone has ${path}`);
  return [...only(first, second), ...only(second, first)];
}

export interface Named {
  readonly name: string;
  readonly shape: readonly string[];
}

function* leaves(value: unknown, path: string): Generator<string> {
  if (Array.isArray(value)) {
    for (const element of value as unknown[]) yield* leaves(element, `${path}[${nameOf(element)}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      yield* leaves(inner, path === '' ? key : `${path}.${key}`);
  } else {
    yield path;
  }
}

function nameOf(element: unknown): string {
  if (typeof element !== 'object' || element === null) return '*';
  for (const key of ['kind', 'name', 'type', 'path']) {
    const name = (element as Record<string, unknown>)[key];
    if (typeof name === 'string') return name;
  }
  return '*';
}
