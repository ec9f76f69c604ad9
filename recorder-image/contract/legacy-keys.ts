import { ENDING, readContent } from './key-content.ts';
import type { KeyContent } from './key-content.ts';
import type { FileFormat } from './formats.ts';
import { extensionOf } from './formats.ts';
import { keyElement } from './key-template.ts';

/**
 * Keys of recordings that were made before each had a folder of its own. They lie in their meeting's folder, and are named
 * after the object:
 *
 *     PREFIX MEETING/NAME[-attemptN][-takeN].mp4      (.webm, .m3u8)
 *     PREFIX MEETING/NAME[-attemptN]/SEGMENT
 *     PREFIX MEETING/NAME[-attemptN].manifest.json
 *
 * They are read, so that these recordings can still be found, downloaded and removed; and made only for one that was under
 * way when the operator was replaced.
 */
export function legacyKey(file: {
  readonly prefix: string;
  readonly meetingId: string;
  readonly name: string;
  readonly attempt: number;
  readonly format: FileFormat;
}): string {
  const { prefix, meetingId, name, attempt, format } = file;
  const suffix = attempt === 1 ? '' : `-attempt${attempt}`;
  return `${prefix}${keyElement(meetingId)}/${name}${suffix}${extensionOf(format)}`;
}

/** One way to read a key: a name may itself end as if the number of an attempt or a take followed it. */
export interface LegacyReading {
  /** The object's. */
  readonly name: string;
  readonly content: KeyContent;
}

/** A letter stands for the name, which may hold what is special in a pattern. */
const PATTERNS = [
  ['manifest', /^n(?:-attempt[1-9][0-9]*)?\.manifest(?:-attempt(?<attempt>[1-9][0-9]{0,8}))?\.json$/],
  ['file', new RegExp(`^n${ENDING}$`)],
  // Only what recorders called their segments then: a folder of this day may be named as such a recording is.
  ['segment', /^n(?:-attempt(?<attempt>[1-9][0-9]{0,8}))?\/(?<name>[0-9]+-(?:init\.mp4|[0-9]+\.m4s))$/],
] as const;
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** What an object in its meeting's folder is of a recording of this name; undefined: nothing of its own. */
export function legacyContent(nameInFolder: string, name: string): KeyContent | undefined {
  if (!nameInFolder.startsWith(name)) return undefined;
  const ending = `n${nameInFolder.slice(name.length)}`;
  for (const [kind, pattern] of PATTERNS) {
    const groups = pattern.exec(ending)?.groups;
    const content = groups && readContent(kind, groups);
    if (content) return content;
  }
  return undefined;
}

/** Every way to read what lies in a meeting's folder. */
export function legacyReadings(nameInFolder: string): LegacyReading[] {
  const [first = ''] = nameInFolder.split('/');
  const ending = /(\.manifest(-attempt[0-9]+)?\.json|\.[a-z0-9]+)$/;
  const stem = first === nameInFolder ? first.replace(ending, '') : first;
  const withoutTake = stem.replace(/-take[0-9]+$/, '');
  const names = new Set([stem, withoutTake, withoutTake.replace(/-attempt[0-9]+$/, '')]);
  return [...names].flatMap((name) => {
    const content = OBJECT_NAME.test(name) ? legacyContent(nameInFolder, name) : undefined;
    return content ? [{ name, content }] : [];
  });
}
