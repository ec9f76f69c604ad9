import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** What the API waits for. */
export type Dependency = 'database' | 'kubernetes' | 'storage' | 'recorders';

const DEPENDENCIES: readonly Dependency[] = ['database', 'kubernetes', 'storage', 'recorders'];

/** How long each call to what is behind the API takes: in requests, and in the work between them. */
export class DependencyMetrics {
  readonly #seconds: Histogram<'dependency'>;

  constructor(registry: Registry) {
    this.#seconds = new Histogram({
      name: 'meetrec_api_dependency_seconds',
      help: 'How long calls to the database, the Kubernetes API, the object store and recorders took',
      labelNames: ['dependency'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers: [registry],
    });
    for (const dependency of DEPENDENCIES) this.#seconds.zero({ dependency });
  }

  /** @param seconds that one call took */
  observe(dependency: Dependency, seconds: number): void {
    this.#seconds.observe({ dependency }, seconds);
  }

  async time<T>(dependency: Dependency, call: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await call();
    } finally {
      this.observe(dependency, (performance.now() - started) / 1000);
    }
  }
}
