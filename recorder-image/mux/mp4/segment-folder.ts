import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputFile } from '../output-file.ts';
import type { Fragment } from './fragment.ts';
import type { FragmentStart, Mp4Output } from './mp4-output.ts';
import type { Mp4Track } from './mp4-track.ts';
import { fileType, fragmentedMovie } from './movie.ts';

export interface SegmentNames {
  readonly playlist: string;
  readonly init: string;
}

/** A segment is this long at least, in ms: a little less than 6 s, for key frames that come a little early. */
const SHORTEST_MS = 5500;

/**
 * Segments of fragmented MP4 (RFC 8216, 3.3), cut at key frames, beside a playlist that names each one once it is
 * finished. What is not finished has another name.
 */
export class SegmentFolder implements Mp4Output, AsyncDisposable {
  readonly #directory: string;
  readonly #names: SegmentNames;
  readonly #lines: string[] = [];
  #file: OutputFile | undefined;
  #startMs = 0;
  #count = 0;

  constructor(directory: string, names: SegmentNames) {
    this.#directory = directory;
    this.#names = names;
  }

  async begin(tracks: readonly Mp4Track[]): Promise<void> {
    await this.#replace(this.#names.init, Buffer.concat([...fileType(), ...fragmentedMovie(tracks)]));
  }

  async write({ bytes }: Fragment, { atMs, isEntry }: FragmentStart): Promise<void> {
    if (this.#file !== undefined && isEntry && atMs - this.#startMs >= SHORTEST_MS) await this.#finish(atMs);
    if (this.#file === undefined) {
      this.#file = await OutputFile.create(this.#path(`${this.#name}.tmp`));
      this.#startMs = atMs;
    }
    await this.#file.append(bytes);
  }

  async end(endMs: number): Promise<void> {
    await this.#finish(endMs);
    this.#lines.push('#EXT-X-ENDLIST');
    await this.#list();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }

  async #finish(endMs: number): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
    this.#file = undefined;
    await rename(this.#path(`${this.#name}.tmp`), this.#path(this.#name));
    const seconds = Math.max(0, endMs - this.#startMs) / 1000;
    this.#lines.push(`#EXTINF:${seconds.toFixed(6)},`, this.#name);
    this.#count += 1;
    await this.#list();
  }

  get #name(): string {
    return `${String(this.#count).padStart(5, '0')}.m4s`;
  }

  async #list(): Promise<void> {
    const text = ['#EXTM3U', ...this.#lines, ''].join('\n');
    await this.#replace(this.#names.playlist, Buffer.from(text));
  }

  async #replace(name: string, content: Buffer): Promise<void> {
    const path = this.#path(name);
    await writeFile(`${path}.tmp`, content);
    await rename(`${path}.tmp`, path);
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}
