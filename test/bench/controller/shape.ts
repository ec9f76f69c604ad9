import { sideNames } from './options.ts';
import type { SideName } from './options.ts';

/** Of the first recorder pod that was ready, and of the first recording that was Completed. */
export interface Shapes {
  pod?: readonly string[];
  recording?: readonly string[];
}

/**
 * What an object consists of, whatever the values: sorted paths of its leaves, such as
 * `spec.containers[recorder].image`. Elements of a list go by their kind, name, type or path, and by `*` when they have none.
 */
export function shapeOf(object: unknown): readonly string[] {
  return [...new Set(leaves(object, ''))].sort();
}

/** What the objects of one side have and the other's have not, a line each: both are to do the same work. */
export function unlikeWork(runs: readonly { side: SideName; shapes: Shapes }[]): string[] {
  return (['pod', 'recording'] as const).flatMap((kind) => {
    const [ours, theirs] = sideNames.flatMap((side): Named[] => {
      const shape = runs.find((run) => run.side === side && run.shapes[kind])?.shapes[kind];
      return shape ? [{ name: `${side}'s ${kind}`, shape }] : [];
    });
    return ours && theirs ? differences(ours, theirs) : [];
  });
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
