import { Ledger } from '../media/ledger.ts';
import { AppendFile } from './append-file.ts';
import type { JournalWriteError } from './append-file.ts';
import type { Tag } from './flv.ts';
import { readTags } from './recovery.ts';
import type { TakeTracks } from './take-tracks.ts';
import type { Take } from './take.ts';

export interface TakeWriterOptions {
  readonly take: Take;
  readonly tracks: TakeTracks;
  readonly onError: (error: JournalWriteError) => void;
  readonly onTrouble?: ((message: string | undefined) => void) | undefined;
}

/** Appends tags to a take, and tells the take's readers what is in its file. */
export class TakeWriter {
  readonly take: Take;
  readonly tracks: TakeTracks;
  readonly #file: AppendFile;

  constructor({ take, tracks, onError, onTrouble }: TakeWriterOptions) {
    this.take = take;
    this.tracks = tracks;
    const onWritten = (size: number): void => take.update(size, tracks);
    this.#file = new AppendFile({ path: take.path, size: take.size, onWritten, onError, onTrouble });
  }

  append(tag: Tag): void {
    const content = this.tracks.read(tag);
    this.take.accepted.addAll(content.packets);
    if (this.#file.failed) return;
    this.#file.append(tag);
    this.tracks.observe(content, tag.timestampMs);
  }

  /** Begins to write what is waiting. */
  write(): void {
    this.#file.write();
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  /** Ends the take: what it has is written and forced to the disk. */
  async close(): Promise<void> {
    await this.#file.close();
    // Of a file that can't be read either, all is found missing by whoever compares.
    if (this.#file.failed) await this.#correct().catch(() => undefined);
    endTake(this.take, this.tracks);
  }

  /** Finds out what of that which was accepted is in the file. */
  async #correct(): Promise<void> {
    const stored = new Ledger();
    await readTags(this.take.path, (tag) => stored.addAll(this.tracks.read(tag).packets));
    this.take.correct(stored);
  }
}

/** Nothing will be appended: the tracks that the take has are all that it will have. */
export function endTake(take: Take, tracks: TakeTracks): void {
  tracks.end();
  take.update(take.size, tracks);
  take.end();
}
