import type { Logger } from 'pino';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';
import type { OutputObserver } from '../upload/output-observer.ts';
import type { FormatReader } from './file-scan.ts';
import { prove, ProofError, proofSchema } from './proof.ts';
import type { Expectation, Proof } from './proof.ts';
import { Scanner } from './scanner.ts';

export interface OutputProofOptions {
  /** What the output should hold, as far as that is known by now. */
  readonly expectation: () => Expectation;
  readonly readerOf: (options: { readonly offsetMs: number }) => FormatReader;
  /** Where the proof is kept. */
  readonly path: string;
  readonly log: Logger;
}

/**
 * Watches an output on its way to the object store, and compares it with the journal before it becomes an object. One
 * that differs is to be made again once; the second time it is let through, and what differs is kept.
 */
export class OutputProof implements OutputObserver {
  readonly #options: OutputProofOptions;
  #scanner: Scanner | undefined;
  #failures = 0;
  #proof: Proof | undefined;

  constructor(options: OutputProofOptions, proof: Proof | undefined) {
    this.#options = options;
    this.#proof = proof;
  }

  /** Undefined until all of the output was seen. */
  get proof(): Proof | undefined {
    return this.#proof;
  }

  restart(): void {
    this.#scanner = undefined;
    this.#proof = undefined;
  }

  write(bytes: Buffer): void {
    // Not before: where the output begins is known once the journal has as much as is in its first bytes.
    this.#scanner ??= new Scanner(this.#options.readerOf(this.#options.expectation()));
    this.#scanner.write(bytes);
  }

  finalPart1(bytes: Buffer, offset: number): void {
    this.#scanner?.writeFinalHead(bytes, offset);
  }

  /** Throws {@link ProofError} where the output differs from the journal, and is to be made once more. */
  async finished({ crc32 }: { readonly crc32: number }): Promise<void> {
    const { expectation, readerOf, path, log } = this.#options;
    if (this.#proof !== undefined) return;
    const expected = expectation();
    const scanner = this.#scanner ?? new Scanner(readerOf(expected));
    const proof = prove(scanner.end(), expected, crc32);
    const { differences } = proof;
    if (differences.length > 0) {
      this.#failures += 1;
      log.error({ differences, failures: this.#failures }, 'the output is not what the journal says');
      if (this.#failures === 1) throw new ProofError(differences.join('; '));
    }
    this.#proof = proof;
    try {
      await writeJsonFile(path, proof);
    } catch (error) {
      // It is lost for a recorder that is started again, which reads the object then.
      log.error({ error }, 'the proof could not be saved');
    }
  }
}

/** Goes on with the proof that an earlier recorder has kept. */
export async function openOutputProof(options: OutputProofOptions): Promise<OutputProof> {
  return new OutputProof(options, proofSchema.safeParse(await readJsonFile(options.path)).data);
}
