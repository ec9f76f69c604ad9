import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputFile } from '../output-file.ts';
import type { Mp4Piece } from './mp4-pieces.ts';
import { fileType, fragmentedMovie } from './movie.ts';

export interface SegmentNames {
  readonly playlist: string;
  readonly init: string;
}

/** A segment lasts this long at least, in ms: a little less than 6 s, for key frames that come a little early. */
const SHORTEST_MS = 5500;

/**
 * Writes segments of fragmented MP4 (RFC 8216, 3.3) into a folder, cut at key frames, beside a playlist that names each
 * one once it is finished. What is not finished has another name.
 */
export async function writeSegments(
  pieces: AsyncIterable<Mp4Piece>,
  directory: string,
  names: SegmentNames,
): Promise<void> {
  await using folder = new SegmentFolder(directory, names);
  for await (const piece of pieces) await folder.write(piece);
}

class SegmentFolder implements AsyncDisposable {
  readonly #directory: string;
  readonly #names: SegmentNames;
  readonly #lines: string[] = ['#EXTM3U'];
  #file: OutputFile | undefined;
  #startMs = 0;
  #count = 0;

  constructor(directory: string, names: SegmentNames) {
    this.#directory = directory;
    this.#names = names;
  }

  async write(piece: Mp4Piece): Promise<void> {
    switch (piece.kind) {
      case 'header':
        return await this.#replace(this.#names.init, [...fileType(), ...fragmentedMovie(piece.tracks)]);
      case 'fragment':
        if (piece.isEntry && this.#lasts(piece.atMs) >= SHORTEST_MS) await this.#finish(piece.atMs);
        return await this.#append(piece.fragment.bytes, piece.atMs);
      case 'end':
        await this.#finish(piece.atMs);
        this.#lines.push('#EXT-X-ENDLIST');
        return await this.#list();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }

  #lasts(toMs: number): number {
    return this.#file === undefined ? 0 : toMs - this.#startMs;
  }

  async #append(bytes: readonly Buffer[], atMs: number): Promise<void> {
    if (this.#file === undefined) {
      this.#file = await OutputFile.create(this.#path(unfinished(this.#name)));
      this.#startMs = atMs;
    }
    await this.#file.append(bytes);
  }

  async #finish(endMs: number): Promise<void> {
    const seconds = Math.max(0, this.#lasts(endMs)) / 1000;
    await this.#file?.[Symbol.asyncDispose]();
    this.#file = undefined;
    await rename(this.#path(unfinished(this.#name)), this.#path(this.#name));
    this.#lines.push(`#EXTINF:${seconds.toFixed(6)},`, this.#name);
    this.#count += 1;
    await this.#list();
  }

  get #name(): string {
    return `${String(this.#count).padStart(5, '0')}.m4s`;
  }

  async #list(): Promise<void> {
    await this.#replace(this.#names.playlist, [Buffer.from([...this.#lines, ''].join('\n'))]);
  }

  async #replace(name: string, content: readonly Buffer[]): Promise<void> {
    await writeFile(this.#path(unfinished(name)), Buffer.concat(content));
    await rename(this.#path(unfinished(name)), this.#path(name));
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

function unfinished(name: string): string {
  return `${name}.tmp`;
}
