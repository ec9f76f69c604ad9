import { readFile } from 'node:fs/promises';

/** How much media is recorded at most: what the environment says, until a file says otherwise. */
export class MaxDuration {
  readonly #path: string | undefined;
  #ms: number;

  /** @param options.path of the file, which has seconds as a decimal number */
  constructor(options: { readonly initialMs: number; readonly path: string | undefined }) {
    this.#path = options.path;
    this.#ms = options.initialMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Looks at the file, and returns whether that has changed anything. What can't be read changes nothing. */
  async look(): Promise<boolean> {
    if (this.#path === undefined) return false;
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const ms = Number(text.trim()) * 1000;
    if (!(ms > 0) || ms === this.#ms) return false;
    this.#ms = ms;
    return true;
  }
}
