import type { Format } from '../../contract/formats.ts';
import type { Take } from '../../journal/take.ts';
import { expectationOf } from '../../proof/expectation.ts';
import { openOutputProof } from '../../proof/output-proof.ts';
import type { OutputProof } from '../../proof/output-proof.ts';
import type { RenditionOptions } from './rendition.ts';

/** Compares what is made of a take with what its journal has. */
export async function openTakeProof(
  { spool, store, log }: RenditionOptions,
  take: Take,
  format: Format,
): Promise<OutputProof> {
  return await openOutputProof({
    format,
    expectation: expectationOf(format, {
      ledger: () => take.stored,
      tracks: () => take.tracks ?? [],
    }),
    path: spool.proofPath(take.index),
    store,
    log: log.child({ take: take.index }),
  });
}
