import { ObjectStoreError } from './object-store.ts';
import type { ObjectDescription, ObjectStore, SentPart } from './object-store.ts';
import { abortEmptyUploads, abortQuietly } from './orphans.ts';
import { sameEtag } from './multipart-etag.ts';
import { completeOwn, isMadeOf, requireOwn } from './own-objects.ts';
import { ownerOf } from './ownership.ts';
import { MAX_PARTS } from './part-plan.ts';
import type { UploadedPart } from './part-plan.ts';
import { crc32OfParts } from './read-part.ts';
import type { UploadReport } from './take-uploader.ts';
import type { UploadLoopOptions } from './upload-loop.ts';
import { saveUploadState } from './upload-state.ts';
import type { UploadedFile, UploadState } from './upload-state.ts';

/** All that was sent is sent again so often, and then no more. */
const MOST_REUPLOADS = 2;
/** After this time without, it counts from the start, in ms: a bucket's rule may abort what is a day old. */
const FORGIVEN_AFTER_MS = 3_600_000;
const LARGER = 4;

export interface MultipartUploadOptions extends Pick<UploadLoopOptions, 'onReupload' | 'log'> {
  readonly store: ObjectStore;
  readonly object: ObjectDescription;
  /** Added to the object's metadata; unlike the rest of it, nothing by which the object is known again as ours. */
  readonly times: () => Readonly<Record<string, string>>;
  /** The ETag of an object of ours that it takes the place of. */
  readonly replaces?: string | undefined;
  readonly statePath: string;
  /** The most parts that the store takes. Default: 10,000. */
  readonly maxParts?: number;
}

/** A multipart upload and what is known of it, which is noted on the disk after each step. */
export class MultipartUpload {
  readonly #options: MultipartUploadOptions;
  readonly #parts = new Map<number, UploadedPart>();
  #state: UploadState;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: MultipartUploadOptions, state: UploadState) {
    this.#options = options;
    this.#state = state;
    for (const part of state.parts) this.#parts.set(part.number, { ...part, provisional: true });
  }

  get parts(): ReadonlyMap<number, UploadedPart> {
    return this.#parts;
  }

  get partSize(): number {
    return this.#state.partSize;
  }

  get begun(): boolean {
    return this.#state.uploadId !== undefined;
  }

  get completed(): UploadedFile | undefined {
    return this.#state.completed;
  }

  get report(): UploadReport {
    const { uploadId, partSize } = this.#state;
    const parts = this.#inOrder();
    return {
      key: this.#options.object.key,
      ...(uploadId === undefined ? {} : { uploadId }),
      partSize,
      parts: parts.map(({ number, size, etag, crc32 }) => ({ number, size, etag, crc32 })),
    };
  }

  get bytesSent(): number {
    return this.#inOrder().reduce((sum, part) => sum + part.size, 0);
  }

  /** The file is made again: what was sent is compared with it before it counts. */
  doubt(): void {
    for (const [number, part] of this.#parts) this.#parts.set(number, { ...part, provisional: true });
  }

  forgetParts(): void {
    this.#parts.clear();
  }

  /** Whether more parts of this size are needed than the store takes. */
  isOutgrown(fileSize: number): boolean {
    const { maxParts = MAX_PARTS } = this.#options;
    return Math.ceil(fileSize / this.partSize) > maxParts;
  }

  /** Gives up what was sent, for another upload in larger parts: all of one upload have to be of one size. */
  async enlarge(signal: AbortSignal): Promise<void> {
    const { store, object, log } = this.#options;
    const { uploadId, partSize } = this.#state;
    log.warn(
      { partSize, larger: partSize * LARGER },
      'the file has outgrown its parts; it is sent in larger ones',
    );
    if (uploadId !== undefined) await abortQuietly({ store, key: object.key, uploadId, log }, signal);
    this.#parts.clear();
    await this.#save({ uploadId: undefined, partSize: partSize * LARGER });
  }

  /**
   * Begins it, with the file's first bytes and not with the first full part: it is then that a missing bucket shows.
   * Throws ObjectStoreError; KeyTakenError where the key is another recording's; `refused` where it was lost too often.
   */
  async begin(signal: AbortSignal): Promise<void> {
    const { store, object, times, log } = this.#options;
    this.#requirePatience();
    await requireOwn(store, object, signal);
    // An earlier recorder, or an earlier try, may have begun one and not learned its id.
    if (this.#state.beginning === true) await abortEmptyUploads({ store, key: object.key, log }, signal);
    await this.#save({ beginning: true });
    const { uploadId, fullObjectChecksum } = await store.create(
      { ...object, metadata: { ...object.metadata, ...times() } },
      signal,
    );
    this.#parts.clear();
    await this.#save({ uploadId, fullObjectChecksum, beginning: undefined, made: undefined });
  }

  async send(part: Pick<SentPart, 'number' | 'body' | 'crc32'>, signal: AbortSignal): Promise<string> {
    const { store, object } = this.#options;
    const { uploadId = '' } = this.#state;
    return await store.sendPart({ ...part, key: object.key, uploadId }, signal);
  }

  async note(part: UploadedPart): Promise<void> {
    this.#parts.set(part.number, part);
    await this.#save({});
  }

  /** The CRC-32 of what the store has of a file of this size. */
  crc32Of(fileSize: number): number {
    return crc32OfParts(this.#partsOf(fileSize));
  }

  /** Makes the object of the parts of a file of this size, and sets {@link completed}. Throws ObjectStoreError. */
  async complete(fileSize: number, signal: AbortSignal): Promise<void> {
    const { store, object, replaces, log } = this.#options;
    const { uploadId = '', fullObjectChecksum } = this.#state;
    const parts = this.#partsOf(fileSize);
    log.info({ parts: parts.length, sizeBytes: fileSize }, 'completing the upload');
    const { key, metadata } = object;
    const upload = { key, uploadId, parts, fullObjectChecksum, metadata, replaces };
    const { etag, wasThere } = await completeOwn(store, upload, signal);
    if (wasThere === true) await abortQuietly({ store, key, uploadId, log }, signal);
    await this.#save({ made: { sizeBytes: fileSize, ...(etag === undefined ? {} : { etag }) } });
    await this.confirm(signal);
  }

  /** Whether the store has completed it and is still to be asked for the object, by {@link confirm}. */
  get made(): boolean {
    return this.#state.made !== undefined && this.completed === undefined;
  }

  /**
   * Nothing counts as uploaded, and nothing local may go, before the store has been asked how large the object is. One
   * that is gone by then, or is another one, was moved or rewritten, if the store has said which one it made.
   */
  async confirm(signal: AbortSignal): Promise<void> {
    const { store, object, log } = this.#options;
    const { sizeBytes, etag } = this.#state.made ?? { sizeBytes: -1 };
    const stored = await store.find(object.key, signal);
    const same = sameEtag(etag, stored?.etag);
    const whole = stored?.sizeBytes === sizeBytes;
    if (whole && (same || ownerOf(stored, object.metadata) !== 'another')) {
      await this.#noteCompleted(sizeBytes, { etag: etag ?? stored.etag, checksum: stored.checksum });
      return;
    }
    const now = stored === undefined ? 'nothing' : `${stored.sizeBytes} bytes`;
    if (etag === undefined || same) {
      await this.lose(`${sizeBytes} bytes were completed, and there is ${now}`, signal);
      return;
    }
    log.warn({ key: object.key, etag, now }, 'the object was moved or rewritten as soon as it was completed');
    await this.#noteCompleted(sizeBytes, { etag });
  }

  /** Whether the object of this file is there, although its completion was not answered. Sets {@link completed}. */
  async findCompleted(fileSize: number, signal: AbortSignal): Promise<boolean> {
    const { store, object } = this.#options;
    const stored = await store.find(object.key, signal);
    if (stored?.sizeBytes !== fileSize) return false;
    const { metadata } = object;
    const isThisTake = (stored.metadata['take'] ?? metadata['take']) === metadata['take'];
    const isOurs = ownerOf(stored, metadata) === 'ours' && isThisTake;
    if (!isOurs && !isMadeOf(stored, { parts: this.#partsOf(fileSize) })) return false;
    await this.#noteCompleted(fileSize, stored);
    return true;
  }

  /** The store does not have what was sent any more, or not all of it: it is to be sent once more, but not for ever. */
  async lose(why: string, signal: AbortSignal): Promise<void> {
    const { store, object, log, onReupload } = this.#options;
    const { uploadId, made } = this.#state;
    const times = this.#timesLost() + 1;
    this.#parts.clear();
    await this.#save({ uploadId: undefined, made: undefined, lost: { times, at: Date.now(), why } });
    log.warn({ times, why }, 'the store has lost what was sent');
    if (times <= MOST_REUPLOADS) onReupload?.(why);
    if (uploadId !== undefined && made === undefined)
      await abortQuietly({ store, key: object.key, uploadId, log }, signal);
  }

  #timesLost(): number {
    const { lost } = this.#state;
    return lost === undefined || Date.now() - lost.at > FORGIVEN_AFTER_MS ? 0 : lost.times;
  }

  #requirePatience(): void {
    const { object } = this.#options;
    if (this.#timesLost() <= MOST_REUPLOADS) return;
    const why = this.#state.lost?.why ?? '';
    const what = `the store has lost what was sent of ${object.key} ${MOST_REUPLOADS + 1} times (${why})`;
    const advice = 'look for what aborts uploads, or changes objects, in the bucket';
    throw new ObjectStoreError(`NotKept: ${what}: ${advice}`, { code: 'NotKept', failure: 'refused' });
  }

  async #noteCompleted(
    sizeBytes: number,
    { etag, checksum }: { etag?: string | undefined; checksum?: string | undefined },
  ): Promise<void> {
    const { key } = this.#options.object;
    await this.#save({
      completed: {
        key,
        sizeBytes,
        ...(checksum === undefined ? {} : { checksum }),
        ...(etag === undefined ? {} : { etag }),
      },
    });
  }

  #partsOf(fileSize: number): UploadedPart[] {
    const count = Math.max(1, Math.ceil(fileSize / this.partSize));
    return this.#inOrder().filter(({ number }) => number <= count);
  }

  #inOrder(): UploadedPart[] {
    return [...this.#parts.values()].sort((a, b) => a.number - b.number);
  }

  /** One at a time, and each one with what is known by then: parts that are sent side by side are noted side by side. */
  async #save(change: Partial<UploadState>): Promise<void> {
    this.#state = { ...this.#state, ...change, parts: [...this.#parts.values()] };
    this.#saving = this.#saving.then(() => this.#write());
    await this.#saving;
  }

  async #write(): Promise<void> {
    const { statePath, log } = this.#options;
    try {
      await saveUploadState(statePath, this.#state);
    } catch (error) {
      // On a full disk the upload is what helps: it goes on, and only a recorder that is started again sends more.
      log.error({ error }, 'the state of the upload could not be saved');
    }
  }
}
