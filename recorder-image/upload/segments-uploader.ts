import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';
import type { ObjectStore } from './object-store.ts';
import { ObservedBytes } from './output-observer.ts';
import type { OutputObserver } from './output-observer.ts';
import { putOwn } from './own-objects.ts';
import type { PlaylistPublisher } from './playlist-publisher.ts';
import { crc32Base64 } from './read-part.ts';
import { INIT_FILE, segmentsIn } from './segment-files.ts';
import { segmentsStateSchema } from './segments-state.ts';
import type { SegmentsState } from './segments-state.ts';
import type { TakeUploader, UploadReport } from './take-uploader.ts';
import { UploadLoop } from './upload-loop.ts';
import type { Step, UploadLoopOptions } from './upload-loop.ts';
import type { UploadedFile } from './upload-state.ts';

const CONTENT_TYPES = { init: 'video/mp4', segment: 'video/iso.segment' } as const;

export interface SegmentsUploaderOptions extends UploadLoopOptions {
  readonly store: ObjectStore;
  readonly playlist: PlaylistPublisher;
  readonly takeIndex: number;
  /** Unix time in ms of the take's first media, once there are segments. */
  readonly startsAt: () => number;
  /** What keys begin with: `FOLDER/`. */
  readonly folder: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly statePath: string;
  /** Bytes that S3 holds of this take. */
  readonly onProgress: (bytes: number) => void;
  /** Sees the bytes of the initialisation segment, and then of each segment in turn. */
  readonly observer?: OutputObserver;
}

/**
 * Brings the segments of a take to S3, each one as soon as it is finished, and then the playlist that lists it. A
 * segment that is made again with the same bytes is not sent again.
 */
export class SegmentsUploader implements TakeUploader {
  readonly #options: SegmentsUploaderOptions;
  readonly #loop: UploadLoop;
  readonly #observed: ObservedBytes;
  #state: SegmentsState;
  /** Where they are made this time. */
  #directory: string | undefined;
  /** How many of the segments that were made this time are in S3. */
  #confirmed = 0;
  #initConfirmed = false;
  /** Bytes of what was made and confirmed this time, the initialisation segment included. */
  #bytesConfirmed = 0;
  #listed = false;

  constructor(options: SegmentsUploaderOptions, state: SegmentsState) {
    this.#options = options;
    this.#loop = new UploadLoop(options);
    this.#observed = new ObservedBytes(options.observer);
    this.#state = state;
    if (state.segments.length > 0) this.#tellPlaylist();
  }

  get completed(): UploadedFile | undefined {
    return this.#state.completed;
  }

  get report(): UploadReport {
    return { key: `${this.#options.folder}/`, segments: this.#state.segments.length };
  }

  /** The objects of this take that are in S3, in the order in which a player reads them. */
  get objects(): readonly { readonly key: string; readonly sizeBytes: number; readonly crc32: string }[] {
    const { init, segments } = this.#state;
    const header = init === undefined ? [] : [{ name: this.#nameOf(INIT_FILE), ...init }];
    return [...header, ...segments].map(({ name, size, crc32 }) => ({
      key: `${this.#options.folder}/${name}`,
      sizeBytes: size,
      crc32,
    }));
  }

  finish(): void {
    this.#loop.finish();
  }

  /** To be called before {@link restarted}: the folder that the segments are made in from now on. */
  writtenTo(directory: string): void {
    this.#directory = directory;
  }

  restarted(): void {
    this.#loop.reopen();
    this.#confirmed = 0;
    this.#initConfirmed = false;
    this.#bytesConfirmed = 0;
    this.#observed.restart();
  }

  async run(signal: AbortSignal): Promise<UploadedFile> {
    this.#options.onProgress(this.#bytesSent());
    return await this.#loop.run(
      () => this.#step(signal),
      () => Promise.resolve(),
      signal,
    );
  }

  /** No more comes than what is in S3: returns that, or undefined where it is nothing. Not beside {@link run}. */
  async settle(signal: AbortSignal): Promise<UploadedFile | undefined> {
    const { length } = this.#state.segments;
    if (length === 0) return undefined;
    const loop = new UploadLoop(this.#options);
    loop.finish();
    const step = async (): Promise<Step<UploadedFile>> => {
      const { completed } = this.#state;
      return completed === undefined ? await this.#finish(length, signal) : { done: completed };
    };
    return await loop.run(step, () => Promise.resolve(), signal);
  }

  async #step(signal: AbortSignal): Promise<Step<UploadedFile>> {
    if (this.#state.completed !== undefined) return { done: this.#state.completed };
    const directory = this.#directory;
    if (directory === undefined) return 'waiting';
    // Asked for before the list: one from before the end must not pass for the finished one.
    const finished = this.#loop.isFinished;
    const made = await segmentsIn(directory);
    const next = made[this.#confirmed];
    if (next !== undefined) return await this.#send(directory, next, signal);
    if (!this.#listed && this.#state.segments.length > 0) {
      await this.#list(signal);
      return 'moved';
    }
    if (!finished) return 'waiting';
    await this.#observed.finished(undefined);
    return await this.#finish(made.length, signal);
  }

  async #send(
    directory: string,
    made: { readonly file: string; readonly durationSeconds: number },
    signal: AbortSignal,
  ): Promise<'moved'> {
    const { takeIndex, log, onProgress } = this.#options;
    if (!this.#initConfirmed) {
      const init = await this.#put({ directory, file: INIT_FILE, known: this.#state.init }, signal);
      await this.#save({ init });
      if (directory !== this.#directory) return 'moved';
      this.#initConfirmed = true;
      this.#bytesConfirmed += init.size;
    }
    const index = this.#confirmed;
    const known = this.#state.segments[index];
    const { size, crc32 } = await this.#put({ directory, file: made.file, known }, signal);
    // It may be made again meanwhile, in another folder: then this one was for nothing.
    if (directory !== this.#directory) return 'moved';
    const segment = { name: this.#nameOf(made.file), size, crc32, durationSeconds: made.durationSeconds };
    this.#confirmed += 1;
    this.#bytesConfirmed += size;
    const segments = this.#state.segments.slice();
    segments[index] = segment;
    await this.#save({ segments });
    log.debug({ take: takeIndex, segment: segment.name, again: known?.crc32 === crc32 }, 'segment uploaded');
    onProgress(this.#bytesSent());
    await rm(join(directory, made.file), { force: true });
    if (known === undefined || known.crc32 !== crc32) await this.#list(signal);
    return 'moved';
  }

  async #put(
    what: {
      readonly directory: string;
      readonly file: string;
      readonly known: { readonly size: number; readonly crc32: string } | undefined;
    },
    signal: AbortSignal,
  ): Promise<{ size: number; crc32: string }> {
    const { store, folder, metadata } = this.#options;
    const { directory, file, known } = what;
    const body = await readFile(join(directory, file));
    if (directory === this.#directory) this.#observed.see(body, this.#bytesConfirmed);
    const [size, crc32] = [body.length, crc32Base64(body)];
    if (known?.crc32 === crc32 && known.size === size) return { size, crc32 };
    const contentType = file === INIT_FILE ? CONTENT_TYPES.init : CONTENT_TYPES.segment;
    const key = `${folder}/${this.#nameOf(file)}`;
    await putOwn(store, { key, contentType, metadata, body, crc32 }, signal);
    return { size, crc32 };
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#listed = false;
    this.#tellPlaylist();
    await this.#options.playlist.publish(signal);
    this.#listed = true;
  }

  async #finish(count: number, signal: AbortSignal): Promise<'moved'> {
    const segments = this.#state.segments.slice(0, count);
    const sizeBytes = segments.reduce((sum, { size }) => sum + size, this.#state.init?.size ?? 0);
    await this.#save({ segments, completed: { key: `${this.#options.folder}/`, sizeBytes } });
    await this.#list(signal);
    return 'moved';
  }

  #tellPlaylist(): void {
    const { playlist, takeIndex, startsAt } = this.#options;
    const { segments, completed } = this.#state;
    playlist.update(takeIndex, {
      startsAt: startsAt(),
      init: this.#nameOf(INIT_FILE),
      segments,
      complete: completed !== undefined,
    });
  }

  #nameOf(file: string): string {
    return `${this.#options.takeIndex}-${file}`;
  }

  #bytesSent(): number {
    return this.#state.segments.reduce((sum, { size }) => sum + size, 0);
  }

  async #save(change: Partial<SegmentsState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    try {
      await writeJsonFile(this.#options.statePath, this.#state);
    } catch (error) {
      this.#options.log.error({ error }, 'the state of the upload could not be saved');
    }
  }
}

/** Opens the upload, going on with what its state file says. */
export async function openSegmentsUploader(options: SegmentsUploaderOptions): Promise<SegmentsUploader> {
  const saved = segmentsStateSchema.safeParse(await readJsonFile(options.statePath));
  return new SegmentsUploader(options, saved.success ? saved.data : { segments: [] });
}
