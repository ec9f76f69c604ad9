import { extensionOf } from './formats.ts';
import { contentOf } from './key-content.ts';
import type { KeyContent } from './key-content.ts';
import { keyElement, splitByTemplate } from './key-template.ts';
import { legacyContent, legacyReadings } from './legacy-keys.ts';
import type { LegacyReading } from './legacy-keys.ts';

/**
 * Every key of a recording in its bucket is made here, and read back here; what the folder is called in key-template.ts,
 * what lies in it in key-content.ts, and how it was before recordings had folders in legacy-keys.ts.
 *
 * A recording has one folder, `PREFIX` and the rendered template, and in it:
 *
 *     recording.mp4                  the file of the first attempt (.webm, .m3u8)
 *     recording-take2.mp4            a further take that could not be joined
 *     recording-attempt2.mp4         the file of the second attempt, after a recorder was lost
 *     recording-attempt2-take2.mp4
 *     recording.flv                  the journal as it is, where no file could be made of it
 *     segments/, segments-attempt2/  of a playlist
 *     journal/                       while it is being recorded
 *     manifest.json                  last of all
 *     manifest-attempt2.json         what one attempt of several contributes to it
 */
export const MANIFEST_FILE = 'manifest.json';

/** What a key tells of its object. */
export type ParsedKey =
  | {
      readonly layout: 'folder';
      /** Ends with a slash. */
      readonly folder: string;
      /** The first twelve hex digits of the UID of whose it is. */
      readonly uid12: string;
      readonly content: KeyContent;
    }
  | {
      readonly layout: 'legacy';
      /** The meeting's. */
      readonly folder: string;
      readonly readings: readonly LegacyReading[];
    };

/** Where everything lies that one recording has in its bucket. */
export type RecordingPlace =
  | {
      readonly layout: 'folder';
      /** Ends with a slash. */
      readonly folder: string;
    }
  | {
      readonly layout: 'legacy';
      /** Absent: whichever was set when the recording was made. */
      readonly prefix?: string | undefined;
      readonly meetingId: string;
      /** The object's. */
      readonly name: string;
    };

/** Reads a key; undefined where no recorder has made it. */
export function parseKey(
  key: string,
  place: { readonly prefix: string; readonly template: string },
): ParsedKey | undefined {
  const split = splitByTemplate(key, place);
  const content = split && contentOf(split.rest);
  if (split && content) return { layout: 'folder', folder: split.folder, uid12: split.uid12, content };
  if (!key.startsWith(place.prefix)) return undefined;
  const [meeting = '', ...rest] = key.slice(place.prefix.length).split('/');
  const readings = keyElement(meeting) === meeting ? legacyReadings(rest.join('/')) : [];
  if (readings.length === 0) return undefined;
  return { layout: 'legacy', folder: `${place.prefix}${meeting}/`, readings };
}

/**
 * What the object of this key is to the recording whose place is given; undefined where it is none of its objects. A key
 * that somebody claims is looked at with this before anything is done with it.
 */
export function ownContent(key: string, place: RecordingPlace): KeyContent | undefined {
  if (place.layout === 'folder')
    return key.startsWith(place.folder) ? contentOf(key.slice(place.folder.length)) : undefined;
  const meeting = `${keyElement(place.meetingId)}/`;
  const prefixes = place.prefix === undefined ? prefixesBefore(key, meeting) : [place.prefix];
  return prefixes
    .filter((prefix) => key.startsWith(prefix + meeting))
    .map((prefix) => legacyContent(key.slice(prefix.length + meeting.length), place.name))
    .find((content) => content !== undefined);
}

/** The plain ones that a key of the meeting's folder may begin with: of a file or of a segment. */
function prefixesBefore(key: string, meeting: string): string[] {
  return [2, 3].flatMap((depth) => {
    const elements = key.split('/');
    const prefix = elements.slice(0, -depth).map((element) => `${element}/`);
    const isPlain = prefix.every((element) => keyElement(element.slice(0, -1)) === element.slice(0, -1));
    return isPlain && elements.at(-depth) === meeting.slice(0, -1) ? [prefix.join('')] : [];
  });
}

/** The key of a take's file: the given one for the first take, and one beside it for each further one. */
export function takeKey(key: string, takeIndex: number): string {
  if (takeIndex === 1) return key;
  const { stem, extension } = split(key);
  return `${stem}-take${takeIndex}${extension}`;
}

/** The key of the journal of a take that no file could be made of. */
export function journalKey(key: string, takeIndex: number): string {
  return takeKey(`${split(key).stem}${extensionOf('flv')}`, takeIndex);
}

/** What the keys of a playlist's segments begin with, but for the slash. */
export function segmentsFolder(key: string): string {
  const { folder, stem, extension } = split(key);
  if (extension === '') return `${key}.segments`;
  const own = /^recording(-attempt[0-9]+)?$/.exec(stem.slice(folder.length));
  return own === null ? stem : `${folder}segments${own[1] ?? ''}`;
}

/** The key of the manifest that goes beside the file of this key. */
export function manifestKey(key: string): string {
  const { folder, stem } = split(key);
  const isOwn = /^recording(-attempt[0-9]+)?$/.test(stem.slice(folder.length));
  return isOwn ? `${folder}${MANIFEST_FILE}` : `${stem}.${MANIFEST_FILE}`;
}

/** The key of what one attempt of several contributes to the manifest beside the file of this key. */
export function attemptManifestKey(key: string, attempt: number): string {
  return `${manifestKey(key).slice(0, -'.json'.length)}-attempt${attempt}.json`;
}

/** The folder of a key: ends with a slash, empty at the bucket's root. */
export function folderOf(key: string): string {
  return split(key).folder;
}

function split(key: string): { folder: string; stem: string; extension: string } {
  const slash = key.lastIndexOf('/') + 1;
  const dot = key.lastIndexOf('.');
  const end = dot > slash ? dot : key.length;
  return { folder: key.slice(0, slash), stem: key.slice(0, end), extension: key.slice(end) };
}
