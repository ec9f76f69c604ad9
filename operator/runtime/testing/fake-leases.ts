import { ApiError } from '../kube/api-error.ts';
import type { KubeObject } from '../kube/objects.ts';

/** One object that is written with optimistic concurrency, as the API server does it. */
export class FakeLeases {
  #stored: KubeObject | undefined;
  #version = 0;
  /** Thrown in place of an answer. */
  failure: Error | undefined;
  writes = 0;

  get stored(): (KubeObject & { spec?: { holderIdentity?: string; leaseTransitions?: number } }) | undefined {
    return this.#stored;
  }

  async get<T extends KubeObject>(): Promise<T> {
    await this.#maybeFail();
    if (!this.#stored) throw new ApiError({ status: 404, reason: 'NotFound', message: 'not found' });
    return structuredClone(this.#stored) as T;
  }

  async create<T extends KubeObject>(_resource: unknown, object: KubeObject): Promise<T> {
    await this.#maybeFail();
    if (this.#stored) throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'exists' });
    return this.#store(object) as T;
  }

  async replace<T extends KubeObject>(_resource: unknown, object: T): Promise<T> {
    await this.#maybeFail();
    if (object.metadata.resourceVersion !== this.#stored?.metadata.resourceVersion)
      throw new ApiError({ status: 409, reason: 'Conflict', message: 'conflict' });
    return this.#store(object) as T;
  }

  #store(object: KubeObject): KubeObject {
    this.writes++;
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#stored = structuredClone({ ...object, metadata });
    return structuredClone(this.#stored);
  }

  async #maybeFail(): Promise<void> {
    await Promise.resolve();
    if (this.failure) throw this.failure;
  }
}
