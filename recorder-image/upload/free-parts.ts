import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

/** Freed in pieces of at least this size, in bytes, unless told: each one costs a process. */
const BATCH_BYTES = 64 * 1024 * 1024;

/** Frees a stretch of a file on the disk, in bytes: what is read there from then on is zeros. Throws when it can't. */
export type PunchHole = (path: string, offset: number, length: number) => Promise<void>;

/**
 * By util-linux's fallocate, because Node has no such call. It has no environment but PATH: ours has the keys of the
 * object store.
 */
export const punchHole: PunchHole = async (path, offset, length) => {
  const args = ['--punch-hole', '--offset', String(offset), '--length', String(length), path];
  await promisify(execFile)('fallocate', args, { timeout: 30_000, env: { PATH: process.env['PATH'] } });
};

export interface FreePartsOptions {
  readonly punchHole: PunchHole;
  readonly partSize: number;
  /** Bytes. */
  readonly batchBytes?: number;
  readonly log: Logger;
}

/**
 * Gives the disk space back that parts take which are in S3 for good, so that the spool holds the recording once, in
 * the journal, and not twice. Where the file system can't do that, nothing happens.
 */
export class FreeParts {
  readonly #options: FreePartsOptions;
  /** Parts 2 to this one are gone from the file. */
  #freedTo = 1;
  #able = true;

  constructor(options: FreePartsOptions) {
    this.#options = options;
  }

  /** Whether the file still has this part. */
  has(number: number): boolean {
    return number === 1 || number > this.#freedTo;
  }

  /** Whether the file still has all of its parts. */
  get intact(): boolean {
    return this.#freedTo === 1;
  }

  /** Frees what lies behind the first part, which is read once more, as far as `isCertain` goes without a gap. */
  async free(path: string, isCertain: (number: number) => boolean): Promise<void> {
    const { punchHole, partSize, batchBytes = BATCH_BYTES, log } = this.#options;
    let last = this.#freedTo;
    while (this.#able && isCertain(last + 1)) last += 1;
    const length = (last - this.#freedTo) * partSize;
    if (length === 0 || length < batchBytes) return;
    const offset = this.#freedTo * partSize;
    const before = this.#freedTo;
    // Counted as gone before it is: a part that is half freed must not be read.
    this.#freedTo = last;
    try {
      await punchHole(path, offset, length);
    } catch (error) {
      this.#able = false;
      // One that was cut short may have freed it all the same.
      if ((error as { readonly killed?: boolean }).killed !== true) this.#freedTo = before;
      log.info({ error: String(error) }, 'the file system does not give space back');
    }
  }
}
