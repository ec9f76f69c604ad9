import { extensionOf, formatOf } from './formats.ts';
import type { FileFormat } from './formats.ts';

/** What an object of a recording is. Attempts and takes count from 1. */
export type KeyContent =
  | {
      readonly kind: 'file';
      readonly attempt: number;
      readonly take: number;
      readonly format: FileFormat;
    }
  /** Of a playlist. */
  | { readonly kind: 'segment'; readonly attempt: number; readonly name: string }
  /** Without an attempt: of the whole recording. */
  | { readonly kind: 'manifest'; readonly attempt?: number }
  /** A piece of the journal, while it is being recorded. */
  | { readonly kind: 'journal'; readonly name: string };

const ANY = '[1-9][0-9]{0,8}';
/** The first attempt and the first take have no number. */
const FURTHER = '(?:[2-9]|[1-9][0-9]{1,8})';
const PLAIN = '(?<name>[A-Za-z0-9_-][A-Za-z0-9._-]*)';
/** What a file's name ends with, after the stem. */
export const ENDING = `(?:-attempt(?<attempt>${FURTHER}))?(?:-take(?<take>${FURTHER}))?(?<extension>\\.[a-z0-9]+)`;

const IN_FOLDER = {
  file: new RegExp(`^recording${ENDING}$`),
  segment: new RegExp(`^segments(?:-attempt(?<attempt>${FURTHER}))?/${PLAIN}$`),
  manifest: new RegExp(`^manifest(?:-attempt(?<attempt>${ANY}))?\\.json$`),
  journal: new RegExp(`^journal/${PLAIN}$`),
} as const;

type Groups = Readonly<Record<string, string | undefined>>;

/** The file of an attempt's take, within the recording's folder. */
export function fileName(file: {
  readonly attempt: number;
  readonly take: number;
  readonly format: FileFormat;
}): string {
  const { attempt, take, format } = file;
  const ofAttempt = attempt === 1 ? '' : `-attempt${attempt}`;
  const ofTake = take === 1 ? '' : `-take${take}`;
  return `recording${ofAttempt}${ofTake}${extensionOf(format)}`;
}

/** What an object in a recording's folder is, by its key without the folder; undefined: nothing that is made here. */
export function contentOf(name: string): KeyContent | undefined {
  for (const [kind, pattern] of Object.entries(IN_FOLDER)) {
    const groups = pattern.exec(name)?.groups;
    if (groups) return readContent(kind as KeyContent['kind'], groups);
  }
  return undefined;
}

/** From the groups of a pattern that has matched; undefined where the extension is no format's. */
export function readContent(kind: KeyContent['kind'], groups: Groups): KeyContent | undefined {
  const { name = '', extension, attempt, take } = groups;
  switch (kind) {
    case 'file': {
      const format = extension === undefined ? undefined : formatOf(extension);
      return format && { kind, attempt: Number(attempt ?? 1), take: Number(take ?? 1), format };
    }
    case 'segment':
      return { kind, attempt: Number(attempt ?? 1), name };
    case 'manifest':
      return { kind, ...(attempt !== undefined && { attempt: Number(attempt) }) };
    case 'journal':
      return { kind, name };
    default:
      return kind satisfies never;
  }
}
