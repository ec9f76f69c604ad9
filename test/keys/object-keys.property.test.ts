import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../operator/runtime/testing/random.ts';
import { FILE_FORMATS, FORMAT_NAMES } from '../../recorder-image/contract/formats.ts';
import { fileName } from '../../recorder-image/contract/key-content.ts';
import type { KeyContent } from '../../recorder-image/contract/key-content.ts';
import {
  DEFAULT_KEY_TEMPLATE,
  KEY_VARIABLES,
  KeyTemplateError,
  checkKeyTemplate,
  isFolderOf,
  recordingFolder,
  shortUid,
} from '../../recorder-image/contract/key-template.ts';
import type { RecordingIdentity } from '../../recorder-image/contract/key-template.ts';
import { legacyContent, legacyKey } from '../../recorder-image/contract/legacy-keys.ts';
import {
  MANIFEST_FILE,
  attemptManifestKey,
  journalKey,
  manifestKey,
  ownContent,
  parseKey,
  segmentsFolder,
  takeKey,
} from '../../recorder-image/contract/object-keys.ts';

const CASES = 1500;
/** What tries to leave a folder, to break a pattern, or to look like what we make ourselves. */
const PIECES = [
  ...['..', '.', '/', '//', '\\', '%2e%2e', '%', '\0', '\n', ' ', '?', '#', '-', '_', '{uid}', '$&', '$(A)'],
  ...['recording.mp4', 'manifest.json', 'segments/', '-take2', '-attempt2', '0123456789ab', 'deadbeefcafe'],
  ...['é', 'ａ', '．．', '∕', '\u{1f600}', '\ud800', '\u202e', 'A', 'a', '0', 'x'.repeat(64)],
];
const NAME_PIECES = [
  'a',
  '0',
  '-',
  '.',
  'take2',
  'attempt2',
  '-take2',
  '-attempt2',
  '0123456789ab',
  'recording',
  '.mp4',
];
const LITERALS = ['', 'x', '-', '.', '_', '0', 'ab', '0123456789ab', 'recording', '-attempt2'];

function generator(seed: number) {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const text = (pieces: readonly string[], most: number): string =>
    Array.from({ length: below(most + 1) }, () => pick(pieces)).join('');
  const uuid = (): string =>
    Array.from({ length: 8 }, () => below(65_536).toString(16).padStart(4, '0'))
      .join('')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const name = (): string => {
    const made = text(NAME_PIECES, 4).replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
    return made === '' ? 'a' : made;
  };
  const template = (): string => {
    const elements = Array.from({ length: 1 + below(3) }, () =>
      Array.from({ length: 1 + below(3) }, () => [pick(LITERALS), `{${pick(Object.keys(KEY_VARIABLES))}}`])
        .flat()
        .join(''),
    );
    return elements.join('/') + pick(['', '/{uid}', '-{uid}']);
  };
  const legal = (prefix: string): string => {
    for (;;) {
      const made = template();
      try {
        checkKeyTemplate(made, prefix);
        return made;
      } catch (error) {
        expect(error).toBeInstanceOf(KeyTemplateError);
      }
    }
  };
  const recording = (): RecordingIdentity => ({
    name: name(),
    // Few bits, so that UIDs come that look alike.
    uid: random() < 0.5 ? uuid() : `0123456${below(3)}-89a${below(3)}-4cde-8f01-23456789abcd`,
    meetingId: text(PIECES, 5),
    requestedBy: random() < 0.3 ? undefined : text(PIECES, 5),
    createdAt: new Date(Date.UTC(2020 + below(20), below(12), 1 + below(28))).toISOString(),
  });
  return {
    below,
    pick,
    recording,
    template: legal,
    prefix: () => pick(['', 'recordings/', 'a/b/', 'x-', 'my files/']),
  };
}

/** Every kind of object, with the key that its maker gives it. */
function objects({ below, pick }: ReturnType<typeof generator>, folder: string): [string, KeyContent][] {
  const attempt = pick([1, 1, 2, 10, 999]);
  const take = pick([1, 2, 11, 1000]);
  const format = pick(FILE_FORMATS);
  const first = folder + fileName({ attempt, take: 1, format: pick(FORMAT_NAMES) });
  const name = `${take}-0000${below(10)}.m4s`;
  return [
    [folder + fileName({ attempt, take, format }), { kind: 'file', attempt, take, format }],
    [journalKey(first, take), { kind: 'file', attempt, take, format: 'flv' }],
    [`${segmentsFolder(first)}/${name}`, { kind: 'segment', attempt, name }],
    [manifestKey(first), { kind: 'manifest' }],
    [folder + MANIFEST_FILE, { kind: 'manifest' }],
    [attemptManifestKey(first, attempt), { kind: 'manifest', attempt }],
  ];
}

describe('keys, whatever a recording and a template are', { timeout: 60_000 }, () => {
  it('are read as they were made, and are nobody else’s', () => {
    const made = generator(1);
    for (let round = 0; round < CASES; round += 1) {
      const recording = made.recording();
      const prefix = made.prefix();
      const place = { prefix, template: made.template(prefix) };
      const folder = recordingFolder(recording, place);
      const uid12 = shortUid(recording.uid);
      expect(isFolderOf(recording.uid, folder), folder).toBe(true);
      for (const [key, content] of objects(made, folder)) {
        const said = `${key} of ${JSON.stringify(place)}`;
        expect(parseKey(key, place), said).toEqual({ layout: 'folder', folder, uid12, content });
        expect(ownContent(key, { layout: 'folder', folder }), said).toEqual(content);
        expect(key.slice(place.prefix.length).split('/').every(isPlain), said).toBe(true);
      }
    }
  });

  it('are never shared by two UIDs', () => {
    const made = generator(2);
    const owners = new Map<string, string>();
    for (let round = 0; round < CASES; round += 1) {
      const place = { prefix: 'r/', template: made.template('r/') };
      for (let one = 0; one < 8; one += 1) {
        const recording = made.recording();
        const folder = recordingFolder(recording, place);
        const id = `${place.template} ${folder}`;
        const uid12 = shortUid(recording.uid);
        expect(owners.get(id) ?? uid12, id).toBe(uid12);
        owners.set(id, uid12);
      }
    }
    expect(owners.size).toBeGreaterThan(CASES);
  });

  it('of one recording are not another’s, even where one folder begins as the other', () => {
    const made = generator(3);
    for (let round = 0; round < CASES; round += 1) {
      const [one, other] = [made.recording(), made.recording()];
      if (shortUid(one.uid) === shortUid(other.uid)) continue;
      const prefix = made.prefix();
      const place = { prefix, template: made.template(prefix) };
      const [own, foreign] = [recordingFolder(one, place), recordingFolder(other, place)];
      for (const [key] of objects(made, foreign))
        expect(ownContent(key, { layout: 'folder', folder: own }), key).toBeUndefined();
    }
  });

  it('of before recordings had folders are still read', () => {
    const made = generator(4);
    for (let round = 0; round < CASES; round += 1) {
      const { name, meetingId } = made.recording();
      const [attempt, take, format] = [made.pick([1, 2, 10]), made.pick([1, 2, 10]), made.pick(FORMAT_NAMES)];
      const prefix = made.prefix();
      const key = takeKey(legacyKey({ prefix, meetingId, name, attempt, format }), take);
      const content = { kind: 'file', attempt, take, format };
      const parsed = parseKey(key, { prefix, template: DEFAULT_KEY_TEMPLATE });
      expect(parsed?.layout === 'legacy' ? parsed.readings : [], key).toContainEqual({ name, content });
      expect(ownContent(key, { layout: 'legacy', prefix, meetingId, name }), key).toEqual(content);
      expect(legacyContent(key.slice(key.lastIndexOf('/') + 1), `${name}0`), key).toBeUndefined();
    }
  });
});

function isPlain(element: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(element) && !/^\.+$/.test(element);
}
