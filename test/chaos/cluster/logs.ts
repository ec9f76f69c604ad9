import { readFile } from 'node:fs/promises';
import type { Evidence } from './evidence.ts';

/** pino's number for an error. */
const ERROR = 50;
/** Whose logs are looked through: Meetrec's own programs. */
const OURS = /_(meetrec-controller|meetrec-api)-|\/recorder\//;
const LINE_LIMIT = 300;

/** Reads what was logged since the last time, and tells what should not be there. */
export class LogCheck {
  readonly #evidence: Evidence;
  readonly #read = new Map<string, number>();

  constructor(options: { readonly evidence: Evidence }) {
    this.#evidence = options.evidence;
  }

  /**
   * `LOG: ENTRY` of every error that is not tolerated. What is read is not read again. Throws when nothing is logged at
   * all: then it does not look where the logs are.
   */
  async unexpected(tolerated: readonly RegExp[]): Promise<string[]> {
    await this.#evidence.collect();
    const found: string[] = [];
    for (const { name, path } of await this.#evidence.logs()) {
      if (!OURS.test(name)) continue;
      const text = await readFile(path, 'utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      const entries = entriesOf(whole.slice(this.#read.get(name) ?? 0));
      this.#read.set(name, whole.length);
      for (const entry of entries)
        if (isError(entry) && !tolerated.some((pattern) => pattern.test(entry)))
          found.push(`${name}: ${entry.slice(0, LINE_LIMIT)}`);
    }
    if (![...this.#read.values()].some((length) => length > 0)) throw new Error('no log was found');
    return found;
  }
}

/**
 * What a program has said, piece by piece: a line, or an error with the lines of its stack, which are indented. A
 * container runtime puts `TIME STREAM F ` before each line, and P in place of F where the line goes on.
 */
export function entriesOf(text: string): string[] {
  const entries: string[] = [];
  const last = new Map<string, number>();
  const unfinished = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, stream = 'stdout', tag = 'F', rest = line] =
      /^\S+ (stdout|stderr) ([FP]) (.*)$/.exec(line) ?? [];
    const said = (unfinished.get(stream) ?? '') + rest;
    if (tag === 'P') {
      unfinished.set(stream, said);
      continue;
    }
    unfinished.delete(stream);
    if (said.trim() === '') continue;
    const before = last.get(stream);
    const isGoingOn = before !== undefined && !entries[before]?.startsWith('{');
    // Both streams come mixed, but each in its own order.
    if (isGoingOn && /^(\s+\S|\}$)/.test(said)) entries[before] = `${entries[before]}\n${said}`;
    else last.set(stream, entries.push(said) - 1);
  }
  return entries;
}

/** An error of the log, or words of a program that does not end as it should. */
export function isError(entry: string): boolean {
  if (!entry.startsWith('{')) return true;
  try {
    const { level = 0 } = JSON.parse(entry) as { level?: number };
    return level >= ERROR;
  } catch {
    // Cut off by a SIGKILL in the middle of a line.
    return false;
  }
}
