import { readFile } from 'node:fs/promises';
import type { Evidence } from './evidence.ts';

/** pino's number for an error. */
const ERROR = 50;
/** Whose logs are looked through: Meetrec's own programs. */
const OURS = /_(meetrec-controller|meetrec-api)-|\/recorder\//;

const BESIDE_THE_POINT = [
  // The development database shares a small machine with all the rest, and nothing here is about it.
  /"code":"database-unavailable"/,
  // The supervising shell's words for a recorder that a signal has ended.
  /^(Killed|Terminated)$/,
];
const LINE_LIMIT = 300;

/** Reads what was logged since the last time, and tells what should not be there. */
export class LogCheck {
  readonly #evidence: Evidence;
  readonly #read = new Map<string, number>();

  constructor(options: { readonly evidence: Evidence }) {
    this.#evidence = options.evidence;
  }

  /** `LOG: LINE` of every error that is not tolerated. Lines that are read are not read again. */
  async unexpected(tolerated: readonly RegExp[]): Promise<string[]> {
    await this.#evidence.collect();
    const found: string[] = [];
    for (const { name, path } of await this.#evidence.logs()) {
      if (!OURS.test(name)) continue;
      const text = await readFile(path, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const lines = whole.slice(this.#read.get(name) ?? 0).split('\n');
      this.#read.set(name, whole.length);
      for (const line of lines) {
        const said = messageOf(line);
        const isFine = [...tolerated, ...BESIDE_THE_POINT].some((pattern) => pattern.test(said));
        if (isError(said) && !isFine) found.push(`${name}: ${said.slice(0, LINE_LIMIT)}`);
      }
    }
    return found;
  }
}

/** The container's own line: a container runtime puts `TIME STREAM F ` before it. */
export function messageOf(line: string): string {
  return line.replace(/^\S+ (stdout|stderr) [FP] /, '');
}

/** An error of the log, or words of a program that does not end as it should. */
export function isError(line: string): boolean {
  if (line.trim() === '') return false;
  if (!line.startsWith('{')) return true;
  try {
    const { level = 0 } = JSON.parse(line) as { level?: number };
    return level >= ERROR;
  } catch {
    // Cut off by a SIGKILL in the middle of a line.
    return false;
  }
}
