/** The variables of a key template, and what each stands for. */
export const KEY_VARIABLES = {
  meetingId: 'spec.meetingId; what is no letter, digit, dot, dash or underscore becomes an underscore.',
  name: "The object's name.",
  uid: "The first twelve hex digits of the object's UID. Required, at the beginning or the end of a path element.",
  date: 'The day on which the object was made, UTC, as YYYY-MM-DD.',
  requestedBy: 'spec.requestedBy, encoded as the meeting id is; `unknown` without one.',
  hash2: 'The first two hex digits of the UID, which spread a large installation over prefixes.',
} as const;
export type KeyVariable = keyof typeof KEY_VARIABLES;

export const DEFAULT_KEY_TEMPLATE = '{meetingId}/{name}-{uid}';

/** The template names an unknown variable, keeps two recordings not apart, or makes no plain folder. */
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
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

const VARIABLE = /\{([^{}]*)\}/g;
const ELEMENT = /^[A-Za-z0-9._-]+$/;
const SHORT_UID = /^[0-9a-f]{12}$/;
const UID_LENGTH = 12;

/** How each variable looks in a key. Only those of fixed length say where another one ends. */
const PATTERNS: Record<KeyVariable, string> = {
  meetingId: '[A-Za-z0-9._-]+',
  name: '[A-Za-z0-9._-]+',
  uid: '(?<uid>[0-9a-f]{12})',
  date: '[0-9]{4}-[0-9]{2}-[0-9]{2}',
  requestedBy: '[A-Za-z0-9._-]+',
  hash2: '[0-9a-f]{2}',
};

/** The first twelve hex digits of an object's UID. */
export function shortUid(uid: string): string {
  return uid.replaceAll('-', '').slice(0, UID_LENGTH).toLowerCase();
}

/** Encodes free text, such as a meeting id, as one element of a key. */
export function keyElement(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+$/, '_') || '_';
}

/**
 * Throws {@link KeyTemplateError} with a sentence that says what is wrong.
 *
 * @param prefix that is put in front: one that does not end with a slash is part of the first element
 */
export function checkKeyTemplate(template: string, prefix = ''): void {
  const variables = [...template.matchAll(VARIABLE)].map(([, name = '']) => name);
  const unknown = variables.find((name) => !Object.hasOwn(KEY_VARIABLES, name));
  if (unknown !== undefined)
    throw new KeyTemplateError(
      `{${unknown}} is no variable; there are ${Object.keys(KEY_VARIABLES).join(', ')}`,
    );
  if (!variables.includes('uid'))
    throw new KeyTemplateError('{uid} is missing: without it two recordings share a folder');
  const twice = variables.find((name, index) => variables.indexOf(name) < index);
  if (twice !== undefined) throw new KeyTemplateError(`{${twice}} stands there twice`);
  const whole = (prefix + template).split('/');
  if (!whole.some((element) => element.startsWith('{uid}') || element.endsWith('{uid}')))
    throw new KeyTemplateError(
      '{uid} must stand at the beginning or the end of a path element: elsewhere it can not be told from what is beside it',
    );
  const elements = template.split('/');
  if (!elements.every((element) => isElement(element.replaceAll(VARIABLE, 'x'))))
    throw new KeyTemplateError(
      'must be a plain path of letters, digits, dots, dashes, underscores and slashes, without a slash at either end',
    );
}

/** What is wrong with a configured template, as a sentence; undefined: nothing. */
export function keyTemplateFault(template: string, prefix: string): string | undefined {
  try {
    checkKeyTemplate(template, prefix);
    return undefined;
  } catch (error) {
    if (error instanceof KeyTemplateError) return error.message;
    throw error;
  }
}

/**
 * The recording's folder: ends with a slash. `prefix` is put in front as it is. Throws where the UID has fewer than twelve
 * hex digits, for two recordings could share a folder then.
 */
export function recordingFolder(
  recording: RecordingIdentity,
  place: { readonly prefix: string; readonly template: string },
): string {
  const uid = shortUid(recording.uid);
  if (!SHORT_UID.test(uid)) throw new TypeError(`${recording.uid} is no UID`);
  const values: Record<KeyVariable, string> = {
    meetingId: keyElement(recording.meetingId),
    name: keyElement(recording.name),
    uid,
    date: recording.createdAt.slice(0, 'YYYY-MM-DD'.length),
    requestedBy: keyElement(recording.requestedBy ?? 'unknown'),
    hash2: uid.slice(0, 2),
  };
  const path = place.template.replaceAll(VARIABLE, (_, name: string) => values[name as KeyVariable]);
  return `${place.prefix}${path}/`;
}

/**
 * The folder in a key that a template has made, and whose it is; `rest` is the key without it. Undefined where the template
 * makes no such key.
 */
export function splitByTemplate(
  key: string,
  place: { readonly prefix: string; readonly template: string },
): { folder: string; uid12: string; rest: string } | undefined {
  if (!key.startsWith(place.prefix)) return undefined;
  const elements = key.slice(place.prefix.length).split('/');
  const depth = place.template.split('/').length;
  const path = elements.slice(0, depth).join('/');
  const uid = patternOf(place.template).exec(path)?.groups?.['uid'];
  // Where the digits are that spread over prefixes may only be known when the UID is.
  if (uid === undefined || !patternOf(place.template, uid.slice(0, 2)).test(path)) return undefined;
  return { folder: `${place.prefix}${path}/`, uid12: uid, rest: elements.slice(depth).join('/') };
}

/**
 * Whether a recording of this UID can have this folder, under whatever prefix and template: they may have been others when
 * the recording was made.
 */
export function isFolderOf(uid: string, folder: string): boolean {
  const elements = folder.split('/');
  const short = shortUid(uid);
  if (elements.pop() !== '' || !SHORT_UID.test(short) || elements.some(leadsElsewhere)) return false;
  return elements.some((element) => element.startsWith(short) || element.endsWith(short));
}

/** Whether an element of a path leads out of it, also for whoever decodes it or takes a backslash for a slash. */
export function leadsElsewhere(element: string): boolean {
  return /^(?:\.|%2e)+$/i.test(element) || /[\\\p{Cc}\p{Cs}]/u.test(element);
}

function isElement(text: string): boolean {
  return ELEMENT.test(text) && !/^\.+$/.test(text);
}

function patternOf(template: string, hash2 = PATTERNS.hash2): RegExp {
  const patterns = { ...PATTERNS, hash2 };
  const source = template
    .split(/(\{[^{}]*\})/)
    .map((piece) => {
      const name = /^\{(.*)\}$/.exec(piece)?.[1];
      return name === undefined ? piece.replaceAll('.', String.raw`\.`) : patterns[name as KeyVariable];
    })
    .join('');
  return new RegExp(`^${source}$`);
}
