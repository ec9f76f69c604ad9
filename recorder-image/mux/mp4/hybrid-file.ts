import type { OutputFile } from '../output-file.ts';
import { box, sizeOf, text, u32, u64 } from './box.ts';
import type { Fragment } from './fragment.ts';
import type { Mp4Output } from './mp4-output.ts';
import type { Mp4Track } from './mp4-track.ts';
import { fileType, fragmentedMovie, indexedMovie } from './movie.ts';
import { SampleIndex } from './sample-index.ts';

/** Says that the size is 64 bits, behind the type. */
const LARGE = 1;

/**
 * A fragmented MP4 while it grows, that plays up to its last fragment, and an ordinary one at the end: then a header with
 * all samples is appended, and 16 bytes near the beginning turn all fragments and their header into media data. So what
 * is behind these bytes never changes.
 *
 *     ftyp | free moov | moof mdat | moof mdat | …          while it grows
 *     ftyp | mdat ………………………………………………………… | moov         at the end
 */
export class HybridFile implements Mp4Output {
  readonly #file: OutputFile;
  #indexes: readonly { readonly track: Mp4Track; readonly index: SampleIndex }[] = [];
  #mediaStart = 0;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  async begin(tracks: readonly Mp4Track[]): Promise<void> {
    this.#indexes = tracks.map((track) => ({ track, index: new SampleIndex() }));
    this.#mediaStart = sizeOf(fileType());
    await this.#file.append(fragmentedHeader(tracks));
  }

  async write(fragment: Fragment): Promise<void> {
    let position = this.#file.size + fragment.dataOffset;
    for (const part of fragment.tracks) {
      this.#indexes.find(({ track }) => track === part.track)?.index.add(part, position);
      position += part.data.length;
    }
    await this.#file.append(fragment.bytes);
  }

  async end(): Promise<void> {
    const mediaEnd = this.#file.size;
    await this.#file.append(indexedMovie(this.#indexes));
    const header = Buffer.concat([u32(LARGE), text('mdat'), u64(mediaEnd - this.#mediaStart)]);
    await this.#file.overwrite(header, this.#mediaStart);
  }
}

/** What is never gone back into: for where there is no room for a file. */
export class FragmentedStream implements Mp4Output {
  readonly #append: (parts: readonly Buffer[]) => Promise<void>;

  /** @param append resolves once the bytes may be used for something else */
  constructor(append: (parts: readonly Buffer[]) => Promise<void>) {
    this.#append = append;
  }

  async begin(tracks: readonly Mp4Track[]): Promise<void> {
    await this.#append(fragmentedHeader(tracks));
  }

  async write({ bytes }: Fragment): Promise<void> {
    await this.#append(bytes);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** With room before the `moov` for the 64-bit size that its bytes may become part of. */
function fragmentedHeader(tracks: readonly Mp4Track[]): readonly Buffer[] {
  return [...fileType(), ...box('free'), ...fragmentedMovie(tracks)];
}
