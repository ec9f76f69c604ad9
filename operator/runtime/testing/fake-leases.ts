import type { Clock } from '../clock.ts';
import { ApiError } from '../kube/api-error.ts';
import type { CallOptions } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';

/** One object that is written with optimistic concurrency, as the API server does it. */
export class FakeLeases {
  #stored: KubeObject | undefined;
  #version = 0;
  /** Thrown in place of an answer. */
  failure: Error | undefined;
  /** Nothing is answered: calls end at their own time limit, by this clock. */
  hangs: Clock | undefined;
  #held: Promise<unknown> = Promise.resolve();
  writes = 0;

  get stored(): (KubeObject & { spec?: { holderIdentity?: string; leaseTransitions?: number } }) | undefined {
    return this.#stored;
  }

  /** Keeps every call from now on waiting until the function that it returns is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#held = promise;
    return () => resolve(undefined);
  }

  async get<T extends KubeObject>(_resource?: unknown, _ref?: unknown, call?: CallOptions): Promise<T> {
    await this.#maybeFail(call);
    if (!this.#stored) throw new ApiError({ status: 404, reason: 'NotFound', message: 'not found' });
    return structuredClone(this.#stored) as T;
  }

  async create<T extends KubeObject>(_resource: unknown, object: KubeObject, call?: CallOptions): Promise<T> {
    await this.#maybeFail(call);
    if (this.#stored) throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'exists' });
    return this.#store(object) as T;
  }

  async replace<T extends KubeObject>(_resource: unknown, object: T, call?: CallOptions): Promise<T> {
    await this.#maybeFail(call);
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

  async #maybeFail(call: CallOptions = {}): Promise<void> {
    const { timeoutMs = 30_000 } = call;
    await this.#held;
    const { hangs } = this;
    if (hangs) {
      await new Promise<void>((resolve) => hangs.after(timeoutMs, resolve));
      throw new Error(`There was no answer within ${timeoutMs} ms`);
    }
    if (this.failure) throw this.failure;
  }
}
