import { findWhenBusy } from './find-when-busy.ts';
import { multipartEtag, sameEtag } from './multipart-etag.ts';
import { ObjectStoreError } from './object-store.ts';
import type {
  CompletedUpload,
  MadeObject,
  ObjectDescription,
  ObjectStore,
  StoredObject,
  WholeObject,
} from './object-store.ts';
import { KeyTakenError, ownerOf } from './ownership.ts';

type Metadata = ObjectDescription['metadata'];

export interface OwnUpload extends CompletedUpload {
  readonly metadata: Metadata;
  /** The ETag of an object of ours that it takes the place of. */
  readonly replaces?: string | undefined;
}

export interface OwnObject extends MadeObject {
  /** It was there already, byte for byte, and nothing was done: the upload is still open, if it has not become that. */
  readonly wasThere?: boolean;
}

/**
 * Completes an upload, and never in place of another recording's object: that is looked for before, and the store is
 * told to refuse what has come since. One of our own is replaced; one that says nothing of itself is ours if it has an
 * ETag that we know. Throws {@link KeyTakenError}.
 */
export async function completeOwn(
  store: ObjectStore,
  { metadata, replaces, ...upload }: OwnUpload,
  signal: AbortSignal,
): Promise<OwnObject> {
  const making: Making = {
    store,
    key: upload.key,
    metadata,
    isThis: (stored) => isMadeOf(stored, upload),
    isKnown: ({ etag }) => sameEtag(replaces, etag),
    make: (unlessExists) => store.complete({ ...upload, unlessExists }, signal),
  };
  return await makeOwn(making, signal);
}

/** Puts an object, and never in place of one that is known to be another recording's. Throws {@link KeyTakenError}. */
export async function putOwn(
  store: ObjectStore,
  object: WholeObject,
  signal: AbortSignal,
): Promise<MadeObject> {
  const making: Making = {
    store,
    key: object.key,
    metadata: object.metadata,
    isThis: () => false,
    isKnown: () => true,
    make: (unlessExists) => store.put({ ...object, unlessExists }, signal),
  };
  return await makeOwn(making, signal);
}

/** Throws {@link KeyTakenError} where the key has an object that is not this recording's. */
export async function requireOwn(
  store: ObjectStore,
  { key, metadata }: Pick<ObjectDescription, 'key' | 'metadata'>,
  signal: AbortSignal,
): Promise<void> {
  const stored = await store.find(key, signal);
  if (stored !== undefined && ownerOf(stored, metadata) === 'another') throw new KeyTakenError(key, stored);
}

/** Whether the object is what completing this upload makes: as large, and with the ETag of its parts. */
export function isMadeOf(stored: StoredObject, { parts }: Pick<CompletedUpload, 'parts'>): boolean {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return stored.sizeBytes === size && sameEtag(multipartEtag(parts), stored.etag);
}

interface Making {
  readonly store: ObjectStore;
  readonly key: string;
  readonly metadata: Metadata;
  /** Whether what is there is what is to be made: an answer was lost. */
  readonly isThis: (stored: StoredObject) => boolean;
  /** Whether an object that says nothing of itself is ours. */
  readonly isKnown: (stored: StoredObject) => boolean;
  readonly make: (unlessExists: boolean) => Promise<MadeObject>;
}

async function makeOwn(making: Making, signal: AbortSignal): Promise<OwnObject> {
  const { store, key, metadata, isThis, isKnown, make } = making;
  for (let looks = 1; ; looks += 1) {
    const stored = await findWhenBusy(store, key, signal);
    if (stored !== undefined) {
      const owner = ownerOf(stored, metadata);
      if (owner !== 'another' && isThis(stored)) return { etag: stored.etag, wasThere: true };
      if (owner === 'another' || (owner === 'unknown' && !isKnown(stored)))
        throw new KeyTakenError(key, stored);
    }
    try {
      return await make(stored === undefined);
    } catch (error) {
      const cameMeanwhile = error instanceof ObjectStoreError && error.failure === 'exists' && looks < 3;
      if (!cameMeanwhile) throw error;
    }
  }
}
