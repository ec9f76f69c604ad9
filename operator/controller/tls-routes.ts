import { LABELS } from '../crd/names.ts';
import { isNotFound } from '../runtime/kube/api-error.ts';
import type { KubeClient } from '../runtime/kube/client.ts';
import type { Resource } from '../runtime/kube/resource.ts';
import { GATEWAY_GROUP } from './ingest-route.ts';
import type { TlsRoute, TlsRouteManifest } from './ingest-route.ts';

/** The best first. All have the same fields, as far as they are used here. */
const VERSIONS = ['v1', 'v1alpha3', 'v1alpha2'];

/** The TLSRoutes of a cluster, in whichever version it serves them: which one that is, is found out by asking. */
export class TlsRoutes {
  readonly #kube: KubeClient;
  #version: string | undefined;

  constructor(options: { kube: KubeClient }) {
    this.#kube = options.kube;
  }

  /** Returns the route as it stands, made or brought to this attempt first; undefined where no version is served. */
  async ensure(manifest: TlsRouteManifest, signal: AbortSignal): Promise<TlsRoute | undefined> {
    for (const version of this.#version === undefined ? VERSIONS : [this.#version]) {
      const route = await this.#ensureIn(version, manifest, signal);
      if (!route) continue;
      this.#version = version;
      return route;
    }
    // The next look asks for all of them: somebody may be changing what is installed.
    this.#version = undefined;
    return undefined;
  }

  async #ensureIn(
    version: string,
    manifest: TlsRouteManifest,
    signal: AbortSignal,
  ): Promise<TlsRoute | undefined> {
    const resource: Resource<TlsRoute> = {
      group: GATEWAY_GROUP,
      version,
      plural: 'tlsroutes',
      namespaced: true,
    };
    const { name, namespace, labels, ownerReferences } = manifest.metadata;
    const found = await orNothing(this.#kube.get(resource, { namespace, name }, { signal }));
    if (!found) {
      const made = { ...manifest, apiVersion: `${GATEWAY_GROUP}/${version}` };
      // Not found, once more: the cluster does not serve this version.
      return await orNothing(this.#kube.create(resource, made, { signal }));
    }
    if (found.metadata.labels?.[LABELS.attempt] === labels[LABELS.attempt]) return found;
    const body = { metadata: { labels, ownerReferences }, spec: { rules: manifest.spec.rules } };
    return await this.#kube.patch(resource, { namespace, name }, { type: 'merge', body }, { signal });
  }
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
