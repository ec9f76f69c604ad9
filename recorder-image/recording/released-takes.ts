import { z } from 'zod';
import { FILE_FORMATS } from '../contract/formats.ts';
import { releasedTakeSchema } from '../journal/released-take.ts';
import type { ReleasedTake } from '../journal/released-take.ts';
import type { Take } from '../journal/take.ts';
import { proofSchema } from '../proof/proof.ts';
import type { Spool } from '../spool/spool.ts';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';
import { uploadedFileSchema } from '../upload/upload-state.ts';
import type { SavedTake } from './renditions/rendition.ts';

const journalSchema = uploadedFileSchema.extend({
  format: z.enum(FILE_FORMATS),
  contents: z.array(z.object({ takes: z.array(z.int()), proof: proofSchema })),
});

const keptSchema = z.object({
  take: releasedTakeSchema,
  saved: z.object({
    file: uploadedFileSchema.optional(),
    proof: proofSchema.optional(),
    journal: journalSchema.optional(),
  }),
});

/**
 * The takes whose journals are gone from the spool, because the object store has what was made of them and the disk has no
 * room for both: what is known of them, kept for a recorder that starts again. Always the first ones of a recording.
 */
export class ReleasedTakes {
  readonly #spool: Spool;
  readonly #kept: z.infer<typeof keptSchema>[];

  private constructor(spool: Spool, kept: z.infer<typeof keptSchema>[]) {
    this.#spool = spool;
    this.#kept = kept;
  }

  /** Reads what an earlier recorder has kept, and takes away what it had no time for. */
  static async open(spool: Spool): Promise<ReleasedTakes> {
    const kept: z.infer<typeof keptSchema>[] = [];
    for (let index = 1; ; index += 1) {
      const one = keptSchema.safeParse(await readJsonFile(spool.releasedPath(index)));
      if (!one.success) break;
      kept.push(one.data);
      await spool.clear([{ index, path: spool.journalPath(index) }]);
    }
    return new ReleasedTakes(spool, kept);
  }

  get takes(): readonly ReleasedTake[] {
    return this.#kept.map(({ take }) => take);
  }

  /** What the store has of the take; undefined for one that is not released. */
  savedOf(index: number): SavedTake | undefined {
    return this.#kept[index - 1]?.saved;
  }

  /** Frees what the spool holds of a take that is stored. Throws what the disk says, and nothing has happened then. */
  async add(take: Take, known: ReleasedTake, saved: SavedTake): Promise<void> {
    const kept = keptSchema.parse({ take: known, saved });
    await writeJsonFile(this.#spool.releasedPath(take.index), kept);
    this.#kept.push(kept);
    take.release();
    await this.#spool.clear([take]);
  }
}
