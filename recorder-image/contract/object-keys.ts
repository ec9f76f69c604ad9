import { extensionOf } from './formats.ts';
import type { FileFormat } from './formats.ts';

/**
 * Every key of a recording in its bucket is made here, and read back here.
 *
 * A recording has one folder, `PREFIX` and the rendered template, and in it:
 *
 *     recording.mp4                  the file of the first attempt (.webm, .m3u8)
 *     recording-take2.mp4            a further take that could not be joined
 *     recording-attempt2.mp4         the file of the second attempt, after a recorder was lost
 *     recording-attempt2-take2.mp4
 *     recording.flv                  the journal as it is, where no file could be made of it
 *     segments/, segments-attempt2/  of a playlist
 *     manifest.json                  last of all
 *     manifest-attempt2.json         what one attempt of several contributes to it
 */
export const MANIFEST_FILE = 'manifest.json';

/** The variables of a key template, and what each stands for. */
export const KEY_VARIABLES = {
  meetingId: 'spec.meetingId; what is no letter, digit, dot, dash or underscore becomes an underscore.',
  name: "The object's name.",
  uid: "The first twelve hex digits of the object's UID. Required.",
  date: 'The day on which the object was made, UTC, as YYYY-MM-DD.',
  requestedBy: 'spec.requestedBy, encoded as the meeting id is; `unknown` without one.',
  hash2: 'The first two hex digits of the UID, which spread a large installation over prefixes.',
} as const;
export type KeyVariable = keyof typeof KEY_VARIABLES;

export const DEFAULT_KEY_TEMPLATE = '{meetingId}/{name}-{uid}';

/** The template names an unknown variable, lacks `{uid}`, or makes no plain folder. */
export class KeyTemplateError extends Error {
  readonly code = 'KeyTemplate';
  override readonly name = 'KeyTemplateError';
}

/** What a recording's folder is named after. */
export interface RecordingIdentity {
  /** The object's name. */
  readonly name: string;
  /** The object's UID. */
  readonly uid: string;
  readonly meetingId: string;
  readonly requestedBy?: string | undefined;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** The first twelve hex digits of an object's UID. */
export function shortUid(uid: string): string {
  return uid.replaceAll('-', '').slice(0, 12).toLowerCase();
}

/** Encodes free text, such as a meeting id, as one element of a key. */
export function keyElement(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+$/, '_') || '_';
}

/** Throws {@link KeyTemplateError} with a sentence that says what is wrong. */
export function checkKeyTemplate(template: string): void {
  const variables = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name);
  const unknown = variables.find((name) => !(name in KEY_VARIABLES));
  if (unknown !== undefined)
    throw new KeyTemplateError(
      `{${unknown}} is no variable; there are ${Object.keys(KEY_VARIABLES).join(', ')}`,
    );
  if (!variables.includes('uid'))
    throw new KeyTemplateError('{uid} is missing: without it two recordings share a folder');
  const literal = template.replaceAll(/\{[^{}]*\}/g, 'x');
  const elements = literal.split('/');
  if (!/^[A-Za-z0-9._/-]+$/.test(literal) || elements.some((element) => /^\.{0,2}$/.test(element)))
    throw new KeyTemplateError(
      'must be a plain path of letters, digits, dots, dashes, underscores and slashes, without a slash at either end',
    );
}

/** The recording's folder: ends with a slash. `prefix` is put in front as it is. */
export function recordingFolder(
  recording: RecordingIdentity,
  place: { readonly prefix: string; readonly template: string },
): string {
  const uid = shortUid(recording.uid);
  const values: Record<KeyVariable, string> = {
    meetingId: keyElement(recording.meetingId),
    name: recording.name,
    uid,
    date: recording.createdAt.slice(0, 10),
    requestedBy: keyElement(recording.requestedBy ?? 'unknown'),
    hash2: uid.slice(0, 2),
  };
  const path = place.template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => values[name as KeyVariable]);
  return `${place.prefix}${path}/`;
}

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
