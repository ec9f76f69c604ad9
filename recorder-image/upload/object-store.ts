import type { Readable } from 'node:stream';
import type { StoredPart } from './part-plan.ts';

export interface NewUpload {
  readonly uploadId: string;
  /** Whether the server checks the whole object against one CRC-32, rather than a checksum of checksums. */
  readonly fullObjectChecksum: boolean;
}

export interface StoredObject {
  readonly sizeBytes: number;
  readonly etag?: string | undefined;
  /** ALGORITHM:VALUE, base64, where the server has one. */
  readonly checksum?: string;
  /** Names in lower case, with dashes: stores rewrite them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a store answers that has made an object. */
export interface MadeObject {
  readonly etag?: string | undefined;
}

export interface ObjectDescription {
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** For what changes under its key, like a playlist. */
  readonly cacheControl?: string;
}

export interface WholeObject extends ObjectDescription {
  readonly body: Buffer;
  /** base64 */
  readonly crc32: string;
  /** Fails with `exists` where the key has an object, as far as the store knows such a condition. */
  readonly unlessExists?: boolean;
}

/** A multipart upload that has neither been completed nor aborted. */
export interface OpenUpload {
  readonly uploadId: string;
  /** Unix time in ms. */
  readonly initiatedAt: number;
  readonly fullObjectChecksum: boolean;
}

/** Bytes that are read from the disk while they are sent. */
export interface FileBody {
  /** Bytes. */
  readonly length: number;
  /**
   * Begins to read them. One such stream at a time, to be destroyed by whoever opened it. `see` is called with each
   * piece before it is handed on.
   */
  readonly open: (see?: (bytes: Buffer) => void) => Readable;
}

export interface SentPart {
  readonly key: string;
  readonly uploadId: string;
  readonly number: number;
  readonly body: Buffer | FileBody;
  /** base64 */
  readonly crc32: string;
}

export interface CompletedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly StoredPart[];
  readonly fullObjectChecksum: boolean;
  /** As for a {@link WholeObject}. */
  readonly unlessExists?: boolean;
}

/** The object store, as far as an upload needs it. Every verb has a time limit, and throws {@link ObjectStoreError}. */
export interface ObjectStore {
  create: (object: ObjectDescription, signal: AbortSignal) => Promise<NewUpload>;
  /** Returns the part's ETag. */
  sendPart: (part: SentPart, signal: AbortSignal) => Promise<string>;
  complete: (upload: CompletedUpload, signal: AbortSignal) => Promise<MadeObject>;
  /** Undefined where there is no such object, or where this identity may not know that there is none. */
  find: (key: string, signal: AbortSignal) => Promise<StoredObject | undefined>;
  /** Makes an object of this in one go, in place of whatever has that key. */
  put: (object: WholeObject, signal: AbortSignal) => Promise<MadeObject>;
  /** Of this very key, the newest first. */
  openUploads: (key: string, signal: AbortSignal) => Promise<OpenUpload[]>;
  /** The parts that an open upload has, in order. */
  partsOf: (key: string, uploadId: string, signal: AbortSignal) => Promise<StoredPart[]>;
  abort: (key: string, uploadId: string, signal: AbortSignal) => Promise<void>;
  /** No error where there is no such object. */
  delete: (key: string, signal: AbortSignal) => Promise<void>;
  /** Writes the object to a file; with `firstBytes` only that much of its beginning. */
  download: (
    source: { key: string; firstBytes?: number },
    path: string,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Hands the object's bytes on as they come; false where there is no such object. After a failure they come again. */
  read: (key: string, onBytes: (bytes: Buffer) => void, signal: AbortSignal) => Promise<boolean>;
  /** The keys that begin like this, and how many bytes each object has. */
  list: (prefix: string, signal: AbortSignal) => Promise<Map<string, number>>;
}

export type StoreFailure =
  /** Trying again may help: the network, a server in trouble. */
  | 'transient'
  /** It stays like that until a person changes something: no such bucket, access denied. */
  | 'refused'
  /** The multipart upload is gone: completed already, aborted, or expired. */
  | 'no-such-upload'
  /** The server does not have a part, or another one, under its number. */
  | 'invalid-part'
  /** The key has an object, and was to get one only if it had none. */
  | 'exists';

export interface StoreErrorOptions {
  readonly code: string;
  readonly failure: StoreFailure;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** A request to the object store failed. `code` is the store's own, for example NoSuchBucket. */
export class ObjectStoreError extends Error {
  override readonly name: string = 'ObjectStoreError';
  readonly code: string;
  readonly failure: StoreFailure;
  /** Milliseconds that the store asks to wait for. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: StoreErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.failure = options.failure;
    this.retryAfterMs = options.retryAfterMs;
  }
}
