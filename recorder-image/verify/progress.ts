const EVERY_MS = 2000;
const MB = 1_000_000;

/** Tells people who wait how far it is, every other second. */
export class Progress {
  readonly #tell: (text: string) => void;
  #last = performance.now();

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  report(file: string, bytes: number): void {
    if (performance.now() - this.#last < EVERY_MS) return;
    this.#last = performance.now();
    this.#tell(`${file}: ${Math.round(bytes / MB)} MB read\n`);
  }
}
