const WINDOW_MS = 5000;

interface Sample {
  readonly at: number;
  readonly bytes: number;
  readonly frames: number;
}

/** Bitrate and frame rate over the last seconds, from samples of counters that only grow. */
export class Rates {
  #samples: Sample[] = [];

  /** `at` in ms. */
  sample(at: number, bytes: number, frames: number): void {
    this.#samples = this.#samples.filter((sample) => at - sample.at <= WINDOW_MS);
    this.#samples.push({ at, bytes, frames });
  }

  get bitrateKbps(): number {
    return this.#perMs((sample) => sample.bytes * 8);
  }

  get fps(): number {
    return this.#perMs((sample) => sample.frames) * 1000;
  }

  #perMs(value: (sample: Sample) => number): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return (value(last) - value(first)) / (last.at - first.at);
  }
}
