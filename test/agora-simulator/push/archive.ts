import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attempt, AttemptReport } from './attempt.ts';

/** Every push that there was, by its converter's name, with the files of what was pushed. */
export class Archive {
  readonly #directory: string;
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #counts = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes room for one more attempt under this name. */
  async next(name: string): Promise<{ attempt: number; file: string }> {
    const attempt = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, attempt);
    const folder = join(this.#directory, name);
    await mkdir(folder, { recursive: true });
    return { attempt, file: join(folder, `${attempt}.flv`) };
  }

  add(name: string, attempt: Attempt): void {
    this.#attempts.set(name, [...(this.#attempts.get(name) ?? []), attempt]);
  }

  names(): string[] {
    return [...this.#attempts.keys()];
  }

  async reports(name: string): Promise<AttemptReport[]> {
    return Promise.all((this.#attempts.get(name) ?? []).map(async (attempt) => attempt.report()));
  }

  /** The file of one attempt that the server took; the last of them where no number is given. */
  async file(name: string, attempt?: number): Promise<string | undefined> {
    for (const candidate of (this.#attempts.get(name) ?? []).toReversed()) {
      const report = await candidate.report();
      if (report.published && (attempt === undefined || report.attempt === attempt)) return candidate.file;
    }
    return undefined;
  }
}
