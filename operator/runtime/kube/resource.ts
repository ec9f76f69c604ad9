import type { KubeObject, ObjectRef } from './objects.ts';

/** Where a kind lives in the API. T is the type of its objects. */
export interface Resource<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set: it ties T to the descriptor. */
  readonly type?: T;
}

export interface PathParts {
  namespace?: string;
  name?: string;
  subresource?: string;
}

/** The path of a collection, an object or a subresource. */
export function resourcePath<T extends KubeObject>(resource: Resource<T>, parts: PathParts): string {
  const { group, version, plural, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope =
    namespaced && parts.namespace !== undefined ? `/namespaces/${encodeURIComponent(parts.namespace)}` : '';
  const name = parts.name === undefined ? '' : `/${encodeURIComponent(parts.name)}`;
  const subresource = parts.subresource === undefined ? '' : `/${parts.subresource}`;
  return `${root}${scope}/${plural}${name}${subresource}`;
}

export function refOf(object: KubeObject): ObjectRef {
  const { namespace, name } = object.metadata;
  return { name: name ?? '', ...(namespace !== undefined && { namespace }) };
}
