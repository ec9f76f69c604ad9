import type { Logger } from 'pino';
import type { Journal } from '../journal/journal.ts';
import type { Take } from '../journal/take.ts';
import type { ReleasedTakes } from './released-takes.ts';
import type { SavedTake } from './renditions/rendition.ts';

/** Below this many times the free space at which it would stop, it makes room. */
const LOW = 2;
/** While room is being made, it stops only below this part of that. */
const FLOOR = 1 / 4;

export interface DiskReliefOptions {
  readonly journal: Pick<Journal, 'takes' | 'isRollingOver' | 'rollOver' | 'described'>;
  readonly released: Pick<ReleasedTakes, 'add'>;
  /** What the store has of a take that is finished; undefined for others. */
  readonly savedOf: (take: Take) => SavedTake | undefined;
  readonly minFreeBytes: number;
  readonly log: Logger;
}

/**
 * Makes room on a disk that fills up while a recording goes on: the current take is ended and another one begun, and what
 * the spool holds of takes goes once the object store has all of them. The file is in several pieces then, and nothing is
 * lost, also when the recorder is killed: each piece is whole by itself.
 */
export class DiskRelief {
  readonly #options: DiskReliefOptions;
  #isMakingRoom = false;

  constructor(options: DiskReliefOptions) {
    this.#options = options;
  }

  /** The free space, in bytes, below which there is no point in going on. */
  get floorBytes(): number {
    return this.#options.minFreeBytes * (this.#isMakingRoom ? FLOOR : 1);
  }

  /** Why there are several files, for people; undefined while there is room. */
  get message(): string | undefined {
    return this.#isMakingRoom ? 'The disk fills up: what is stored already is removed from it' : undefined;
  }

  /** Returns whether something is gone from the disk now. Never throws. */
  async look(bytesFree: number): Promise<boolean> {
    const { minFreeBytes } = this.#options;
    const isLow = bytesFree < LOW * minFreeBytes;
    const found = isLow ? await this.#makeRoom() : 'nothing';
    this.#isMakingRoom = found !== 'nothing' || (isLow && this.#rollOver(bytesFree));
    return found === 'released';
  }

  /** In order: a recorder that starts again finds the first ones gone. */
  async #makeRoom(): Promise<'released' | 'soon' | 'nothing'> {
    const { journal, released, savedOf, log } = this.#options;
    if (journal.isRollingOver) return 'soon';
    const take = journal.takes.find(({ isReleased, hasMedia }) => hasMedia && !isReleased);
    // One of which the disk has not taken all is compared at the end with what is there of it.
    if (take?.ended !== true || take.stored !== take.accepted) return 'nothing';
    const saved = savedOf(take);
    if (saved === undefined) return 'soon';
    try {
      await released.add(take, journal.described(take), saved);
      log.info({ take: take.index }, 'the take is stored; its journal is gone from the disk');
      return 'released';
    } catch (error) {
      log.error({ error, take: take.index }, 'the journal of a take that is stored could not be removed');
      return 'nothing';
    }
  }

  /** Whether another take is to begin. For a small one it is not worth it. */
  #rollOver(bytesFree: number): boolean {
    const { journal, minFreeBytes, log } = this.#options;
    const current = journal.takes.at(-1);
    if (current === undefined || current.ended || current.size < minFreeBytes) return false;
    log.warn(
      { bytesFree, take: current.index },
      'the disk fills up: another take begins, and this one is finished',
    );
    journal.rollOver();
    return true;
  }
}
