import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { multipartEtag } from '../multipart-etag.ts';
import { ObjectStoreError } from '../object-store.ts';
import type {
  CompletedUpload,
  MadeObject,
  NewUpload,
  ObjectDescription,
  ObjectStore,
  OpenUpload,
  SentPart,
  StoredObject,
  StoreFailure,
  WholeObject,
} from '../object-store.ts';
import type { StoredPart } from '../part-plan.ts';

/** What happens to the request with this number, counted from 1; undefined lets it pass. */
export type Fate = (request: number) => Mishap | undefined;

export interface Mishap {
  readonly error: Error;
  /** Whether the store has done what was asked all the same, and only the answer is lost. */
  readonly afterwards: boolean;
}

export interface KeptObject {
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** An object store in memory that keeps the rules of S3's multipart uploads, and fails when it is told to. */
export class MemoryStore implements ObjectStore {
  readonly #uploads = new Map<
    string,
    { object: ObjectDescription; parts: Map<number, { body: Buffer; etag: string }> }
  >();
  readonly #objects = new Map<string, KeptObject>();
  fate: Fate = () => undefined;
  requests = 0;
  partsSent = 0;
  completions = 0;
  /** Called when an upload has become an object. */
  onCompleted: (key: string) => void = () => undefined;
  /** The keys of whole objects that were put, in order. */
  readonly puts: string[] = [];

  bodyOf(key: string): Buffer | undefined {
    return this.#objects.get(key)?.body;
  }

  /** Multipart uploads that were neither completed nor aborted. */
  get open(): number {
    return this.#uploads.size;
  }

  /** What a bucket's lifecycle rule does. */
  abortUploads(): void {
    this.#uploads.clear();
  }

  create(object: ObjectDescription): Promise<NewUpload> {
    return this.#request(() => {
      const uploadId = `upload-${this.#uploads.size + 1}-${this.requests}`;
      this.#uploads.set(uploadId, { object, parts: new Map() });
      return { uploadId, fullObjectChecksum: false };
    });
  }

  async sendPart({ uploadId, number, body: sent }: SentPart): Promise<string> {
    const body = Buffer.isBuffer(sent) ? Buffer.from(sent) : await buffer(sent.open());
    return await this.#request(() => {
      this.partsSent += 1;
      const etag = etagOf(body);
      this.#upload(uploadId).parts.set(number, { body, etag });
      return etag;
    });
  }

  complete(upload: CompletedUpload): Promise<MadeObject> {
    return this.#request(() => {
      this.#refuseExisting(upload);
      return this.startCompleting(upload)();
    });
  }

  /** The upload can be seen no more from now on, and the object only once the function that is returned is called. */
  startCompleting({ key, uploadId, parts }: CompletedUpload): () => MadeObject {
    const upload = this.#upload(uploadId);
    const bodies = parts.map(({ number, etag }) => {
      const part = upload.parts.get(number);
      if (part?.etag !== etag) throw storeError('InvalidPart', 'invalid-part');
      return part.body;
    });
    this.#uploads.delete(uploadId);
    return () => {
      const etag = multipartEtag(parts) ?? '';
      this.#objects.set(key, { body: Buffer.concat(bodies), metadata: upload.object.metadata, etag });
      this.completions += 1;
      this.onCompleted(key);
      return { etag };
    };
  }

  find(key: string): Promise<StoredObject | undefined> {
    return this.#request(() => {
      const found = this.#objects.get(key);
      return found && { sizeBytes: found.body.length, metadata: found.metadata, etag: found.etag };
    });
  }

  put(object: WholeObject): Promise<MadeObject> {
    return this.#request(() => {
      this.#refuseExisting(object);
      const { key, body, metadata } = object;
      const etag = etagOf(body);
      this.puts.push(key);
      this.#objects.set(key, { body: Buffer.from(body), metadata, etag });
      return { etag };
    });
  }

  /** What somebody else does to an object, a virus scanner for example; undefined takes it away. */
  rewrite(key: string, change: (object: KeptObject) => KeptObject | undefined): void {
    const found = this.#objects.get(key);
    const changed = found === undefined ? undefined : change(found);
    if (changed === undefined) this.#objects.delete(key);
    else this.#objects.set(key, changed);
  }

  openUploads(key: string): Promise<OpenUpload[]> {
    return this.#request(() =>
      [...this.#uploads.entries()]
        .filter(([, { object }]) => object.key === key)
        .map(([uploadId]) => ({ uploadId, initiatedAt: 0, fullObjectChecksum: false })),
    );
  }

  partsOf(_key: string, uploadId: string): Promise<StoredPart[]> {
    return this.#request(() =>
      [...this.#upload(uploadId).parts.entries()]
        .map(([number, { body, etag }]) => ({ number, size: body.length, etag }))
        .sort((a, b) => a.number - b.number),
    );
  }

  abort(_key: string, uploadId: string): Promise<void> {
    return this.#request(() => void this.#uploads.delete(uploadId));
  }

  delete(key: string): Promise<void> {
    return this.#request(() => void this.#objects.delete(key));
  }

  download({ key, firstBytes }: { key: string; firstBytes?: number }, path: string): Promise<void> {
    return this.#request(() => {
      writeFileSync(path, this.#objects.get(key)?.body.subarray(0, firstBytes) ?? '');
    });
  }

  read(key: string, onBytes: (bytes: Buffer) => void): Promise<boolean> {
    return this.#request(() => {
      const found = this.#objects.get(key);
      if (found !== undefined) onBytes(found.body);
      return found !== undefined;
    });
  }

  list(prefix: string): Promise<Map<string, number>> {
    return this.#request(() => {
      const found = [...this.#objects.entries()].filter(([key]) => key.startsWith(prefix));
      return new Map(found.map(([key, { body }]) => [key, body.length]));
    });
  }

  #upload(uploadId: string): {
    object: ObjectDescription;
    parts: Map<number, { body: Buffer; etag: string }>;
  } {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) throw storeError('NoSuchUpload', 'no-such-upload');
    return upload;
  }

  #refuseExisting({ key, unlessExists }: Pick<CompletedUpload, 'key' | 'unlessExists'>): void {
    if (unlessExists === true && this.#objects.has(key)) throw storeError('PreconditionFailed', 'exists');
  }

  async #request<T>(perform: () => T): Promise<T> {
    this.requests += 1;
    const mishap = this.fate(this.requests);
    if (mishap?.afterwards === false) throw mishap.error;
    const answer = perform();
    if (mishap !== undefined) throw mishap.error;
    return await Promise.resolve(answer);
  }
}

export function storeError(code: string, failure: StoreFailure): ObjectStoreError {
  return new ObjectStoreError(code, { code, failure, cause: undefined });
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
