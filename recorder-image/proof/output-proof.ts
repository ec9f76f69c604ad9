import type { Logger } from 'pino';
import type { Format } from '../contract/formats.ts';
import { readJsonFile, writeJsonFile } from '../support/json-file.ts';
import type { ObjectStore } from '../upload/object-store.ts';
import type { OutputObserver } from '../upload/output-observer.ts';
import type { Expectation } from './expectation.ts';
import { prove, ProofError, proofSchema } from './proof.ts';
import type { Proof } from './proof.ts';
import { readerOf } from './readers.ts';
import { Scanner } from './scanner.ts';

export interface OutputProofOptions {
  readonly format: Format;
  /** What the output should hold. */
  readonly expectation: Expectation;
  /** Where the proof is kept. */
  readonly path: string;
  readonly store: Pick<ObjectStore, 'read'>;
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
  /** Of what became an object last. */
  #proof: Proof | undefined;

  constructor(options: OutputProofOptions, proof: Proof | undefined) {
    this.#options = options;
    this.#proof = proof;
  }

  restart(): void {
    this.#scanner = undefined;
  }

  write(bytes: Buffer): void {
    this.#scanner ??= this.#newScanner();
    this.#scanner.write(bytes);
  }

  finalPart1(bytes: Buffer, offset: number): void {
    this.#scanner?.writeFinalHead(bytes, offset);
  }

  /** Throws {@link ProofError} where the output differs from the journal, and is to be made once more. */
  async finished(sent: { readonly crc32: number } | undefined): Promise<void> {
    const { expectation, log } = this.#options;
    const scanner = this.#scanner ?? this.#newScanner();
    const proof = prove(scanner.end(), expectation.tracks(), sent?.crc32);
    const { differences } = proof;
    if (differences.length > 0) {
      this.#failures += 1;
      log.error({ differences, failures: this.#failures }, 'the output is not what the journal says');
      if (this.#failures === 1) throw new ProofError(differences.join('; '));
    }
    await this.#keep(proof);
  }

  /**
   * What was found in the objects that were made of the output. Where nobody has seen them all on their way, they are
   * read. Throws ObjectStoreError.
   */
  async of(objects: readonly string[], signal: AbortSignal): Promise<Proof> {
    if (this.#proof !== undefined) return this.#proof;
    const { store, expectation, log } = this.#options;
    log.warn({ objects: objects.length }, 'reading what was stored, because nobody has seen it on its way');
    const scanner = this.#newScanner();
    for (const key of objects) await store.read(key, (bytes) => scanner.write(bytes), signal);
    return await this.#keep(prove(scanner.end(), expectation.tracks(), undefined));
  }

  async #keep(proof: Proof): Promise<Proof> {
    const { path, log } = this.#options;
    this.#proof = proof;
    try {
      await writeJsonFile(path, proof);
    } catch (error) {
      // It is lost for a recorder that is started again, which reads the object then.
      log.error({ error }, 'the proof could not be saved');
    }
    return proof;
  }

  /** Made with the first bytes: by then the journal has what is in them. */
  #newScanner(): Scanner {
    const { format, expectation } = this.#options;
    return new Scanner(readerOf(format, expectation.offsetOf()));
  }
}

/** Goes on with the proof that an earlier recorder has kept. */
export async function openOutputProof(options: OutputProofOptions): Promise<OutputProof> {
  return new OutputProof(options, proofSchema.safeParse(await readJsonFile(options.path)).data);
}
