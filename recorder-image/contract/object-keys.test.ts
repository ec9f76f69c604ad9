import { describe, expect, it } from 'vitest';
import {
  attemptManifestKey,
  journalKey,
  manifestKey,
  ownContent,
  parseKey,
  segmentsFolder,
  takeKey,
} from './object-keys.ts';
import type { RecordingPlace } from './object-keys.ts';
import { DEFAULT_KEY_TEMPLATE } from './key-template.ts';

const PLACE = { prefix: 'recordings/', template: DEFAULT_KEY_TEMPLATE };
const FOLDER = 'recordings/standup/rec-1-0123456789ab/';

describe('the key of a take', () => {
  it('is the recording’s own for the first, and one beside it for the others', () => {
    expect(takeKey('recordings/a.b/rec.mp4', 1)).toBe('recordings/a.b/rec.mp4');
    expect(takeKey('recordings/a.b/rec.mp4', 2)).toBe('recordings/a.b/rec-take2.mp4');
    expect(takeKey('recordings/a.b/rec', 3)).toBe('recordings/a.b/rec-take3');
  });
});

describe('what lies beside a file', () => {
  it.each([
    [`${FOLDER}recording.m3u8`, `${FOLDER}segments`, `${FOLDER}manifest.json`],
    [`${FOLDER}recording-attempt2.m3u8`, `${FOLDER}segments-attempt2`, `${FOLDER}manifest.json`],
    ['recordings/m/rec.m3u8', 'recordings/m/rec', 'recordings/m/rec.manifest.json'],
  ])('of %s', (key, segments, manifest) => {
    expect(segmentsFolder(key)).toBe(segments);
    expect(manifestKey(key)).toBe(manifest);
  });
});

describe('a key', () => {
  const folder = { layout: 'folder', folder: FOLDER, uid12: '0123456789ab' };
  it.each([
    ['recording.mp4', { kind: 'file', attempt: 1, take: 1, format: 'mp4' }],
    ['recording-attempt2-take13.webm', { kind: 'file', attempt: 2, take: 13, format: 'webm' }],
    ['recording-take2.flv', { kind: 'file', attempt: 1, take: 2, format: 'flv' }],
    ['segments/1-init.mp4', { kind: 'segment', attempt: 1, name: '1-init.mp4' }],
    ['segments-attempt3/1-00000.m4s', { kind: 'segment', attempt: 3, name: '1-00000.m4s' }],
    ['manifest.json', { kind: 'manifest' }],
    ['manifest-attempt1.json', { kind: 'manifest', attempt: 1 }],
    ['journal/000001.flv', { kind: 'journal', name: '000001.flv' }],
  ])('in a recording’s folder tells what %s is', (name, content) => {
    expect(parseKey(FOLDER + name, PLACE)).toEqual({ ...folder, content });
    expect(ownContent(FOLDER + name, { layout: 'folder', folder: FOLDER })).toEqual(content);
  });

  it.each([
    ['rec-1.mp4', ['rec-1']],
    ['rec-1-take3.mp4', ['rec-1-take3', 'rec-1']],
    ['rec-1-attempt2.webm', ['rec-1-attempt2', 'rec-1']],
    ['rec-1-attempt2-take3.mp4', ['rec-1-attempt2-take3', 'rec-1-attempt2', 'rec-1']],
    ['rec-1-attempt2/1-init.mp4', ['rec-1-attempt2', 'rec-1']],
    ['rec-1.manifest-attempt2.json', ['rec-1']],
  ])('of before recordings had folders: %s is of one of %j', (name, names) => {
    const parsed = parseKey(`recordings/standup/${name}`, PLACE);
    expect(parsed).toMatchObject({ layout: 'legacy', folder: 'recordings/standup/' });
    expect(parsed?.layout === 'legacy' && parsed.readings.map((reading) => reading.name)).toEqual(names);
  });

  it.each([
    'other/standup/rec-1.mp4',
    'recordings/rec-1.mp4',
    'recordings/standup/rec-1/deeper/part.mp4',
    'recordings/standup/rec-1.txt',
    'recordings/standup/.mp4',
    'recordings//rec-1.mp4',
    'recordings/../rec-1.mp4',
    'recordings/a b/rec-1.mp4',
    `${FOLDER}recording.txt`,
    `${FOLDER}recording-take1.mp4`,
    `${FOLDER}recording-take02.mp4`,
    `${FOLDER}segments/../manifest.json`,
    `${FOLDER}/recording.mp4`,
    'recordings/standup/rec-1-0123456789AB/recording.mp4',
  ])('that no recorder makes is nobody’s: %s', (key) => {
    expect(parseKey(key, PLACE)).toBeUndefined();
  });

  it('of an attempt’s manifest and of a journal are read as they are made', () => {
    const key = `${FOLDER}recording-attempt2.mp4`;
    expect(parseKey(attemptManifestKey(key, 2), PLACE)).toMatchObject({
      content: { kind: 'manifest', attempt: 2 },
    });
    expect(parseKey(journalKey(key, 3), PLACE)).toMatchObject({
      content: { kind: 'file', attempt: 2, take: 3, format: 'flv' },
    });
  });
});

describe('a recording of before recordings had folders', () => {
  const place: RecordingPlace = { layout: 'legacy', meetingId: 'a b', name: 'rec.1' };

  it('has what its name begins, under whatever prefix, and a given one if there is one', () => {
    for (const key of ['a_b/rec.1.mp4', 'old/recordings/a_b/rec.1-take2.mp4', 'x/a_b/rec.1/1-init.mp4'])
      expect(ownContent(key, place), key).toBeDefined();
    expect(ownContent('recordings/a_b/rec.1.mp4', { ...place, prefix: 'recordings/' })).toBeDefined();
    expect(ownContent('other/a_b/rec.1.mp4', { ...place, prefix: 'recordings/' })).toBeUndefined();
  });

  it.each([
    'recordings/a_b/rec.10.mp4',
    'recordings/a_b/recX1.mp4',
    'recordings/a_b/rec.1-attempt2x.mp4',
    'recordings/a_b/rec.1x/1-init.mp4',
    'recordings/a_c/rec.1.mp4',
    'recordings/../a_b/rec.1.mp4',
    'recordings//a_b/rec.1.mp4',
    'recordings/%2e%2e/a_b/rec.1.mp4',
    'recordings/a_b/rec.1/../rec.2.mp4',
  ])('has not %s', (key) => {
    expect(ownContent(key, place)).toBeUndefined();
  });
});
