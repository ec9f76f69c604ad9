import { ObjectStoreError } from './object-store.ts';

/** What stores answer that do not know the condition, all with 400 or 501. */
const UNKNOWN = new Set([
  'NotImplemented',
  'InvalidArgument',
  'InvalidRequest',
  'MalformedXML',
  'UnsupportedHeader',
]);

/** Asks a store to make an object only where there is none, until it turns out that it does not know this condition. */
export class ConditionalWrites {
  #known = true;

  async send<T>(
    unlessExists: boolean | undefined,
    send: (condition: { IfNoneMatch?: '*' }) => Promise<T>,
  ): Promise<T> {
    if (unlessExists !== true || !this.#known) return await send({});
    try {
      return await send({ IfNoneMatch: '*' });
    } catch (error) {
      if (!(error instanceof ObjectStoreError && UNKNOWN.has(error.code))) throw error;
      const answer = await send({});
      this.#known = false;
      return answer;
    }
  }
}
