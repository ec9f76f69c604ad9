import { RunLengthCrc, TableCrc } from './table-crc.ts';
import type { TableSum } from './table-crc.ts';

export interface Sample {
  /** In ticks of the track. */
  readonly dts: number;
  readonly duration: number;
  /** Presentation time, as its distance from the decoding time. */
  readonly composition: number;
  readonly size: number;
  readonly isSync: boolean;
}

/** The tables of a sample index (ISO/IEC 14496-12, 8.6 and 8.7), by the types of their boxes. */
export const INDEX_TABLES = ['stts', 'ctts', 'stss', 'stsz', 'stsc', 'stco', 'co64'] as const;
export type IndexTable = (typeof INDEX_TABLES)[number];

/**
 * What the index of a track has to be, from the samples of its fragments: each run of a fragment is a chunk, and what
 * can be written shorter is. Only sums of it are kept.
 */
export class SampleSums {
  readonly #durations = new RunLengthCrc();
  readonly #compositions = new RunLengthCrc();
  readonly #syncs = new TableCrc();
  readonly #sizes = new TableCrc();
  readonly #chunks = new TableCrc();
  readonly #offsets = new TableCrc();
  readonly #largeOffsets = new TableCrc();
  #samples = 0;
  #runs = 0;
  #samplesInRun = 0;
  #hasCompositions = false;
  #hasOthersThanSyncs = false;
  #previous: Sample | undefined;
  #firstDts = 0;
  #lowestComposition = 0;

  get samples(): number {
    return this.#samples;
  }

  /** Of all samples, in ticks. */
  get duration(): number {
    const last = this.#previous;
    return last === undefined ? 0 : last.dts + last.duration - this.#firstDts;
  }

  /** In ticks: what an index adds to all distances, so that none is negative. An edit list takes it back. */
  get raise(): number {
    return -this.#lowestComposition;
  }

  /** In ticks: an index begins with the first sample, and has its edit list say when that is. */
  get firstDts(): number {
    return this.#firstDts;
  }

  /** Payloads that lie side by side, `offset` bytes from the file's beginning. */
  addRun(offset: number, samples: number): void {
    this.#runs += 1;
    if (samples !== this.#samplesInRun) {
      for (const value of [this.#runs, samples, 1]) this.#chunks.add(value);
      this.#samplesInRun = samples;
    }
    this.#offsets.add(offset % 2 ** 32);
    this.#largeOffsets.add(Math.floor(offset / 2 ** 32));
    this.#largeOffsets.add(offset % 2 ** 32);
  }

  addSample(sample: Sample): void {
    this.#samples += 1;
    if (this.#previous === undefined) this.#firstDts = sample.dts;
    else this.#durations.add(sample.dts - this.#previous.dts);
    this.#previous = sample;
    this.#compositions.add(sample.composition);
    if (sample.composition < this.#lowestComposition) this.#lowestComposition = sample.composition;
    this.#hasCompositions ||= sample.composition !== 0;
    this.#sizes.add(sample.size);
    if (sample.isSync) this.#syncs.add(this.#samples);
    else this.#hasOthersThanSyncs = true;
  }

  /** To be asked for at the end. A table that may be left out is undefined. */
  sums(): Readonly<Record<IndexTable, TableSum | undefined>> {
    if (this.#previous !== undefined) this.#durations.add(this.#previous.duration);
    return {
      stts: this.#durations.sum,
      ctts: this.#hasCompositions ? this.#compositions.sum : undefined,
      stss: this.#hasOthersThanSyncs ? this.#syncs.sum : undefined,
      stsz: this.#sizes.sum,
      stsc: this.#chunks.sum,
      stco: this.#offsets.sum,
      co64: this.#largeOffsets.sum,
    };
  }
}
