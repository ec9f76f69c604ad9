import { describe, expect, it } from 'vitest';
import {
  DEFAULT_KEY_TEMPLATE,
  KeyTemplateError,
  checkKeyTemplate,
  isFolderOf,
  recordingFolder,
  splitByTemplate,
} from './key-template.ts';

const UID = '01234567-89AB-4cde-8f01-23456789abcd';
const recording = {
  name: 'standup-1',
  uid: UID,
  meetingId: 'a/b ü',
  requestedBy: 'ann@example.com',
  createdAt: '2026-11-26T23:59:59Z',
};

describe('a recording’s folder', () => {
  it.each([
    [DEFAULT_KEY_TEMPLATE, 'r/a_b__/standup-1-0123456789ab/'],
    ['{date}/{hash2}/{uid}', 'r/2026-11-26/01/0123456789ab/'],
    ['by/{requestedBy}/{uid}-{name}.d', 'r/by/ann_example.com/0123456789ab-standup-1.d/'],
  ])('is named by the template %s', (template, folder) => {
    checkKeyTemplate(template);
    expect(recordingFolder(recording, { prefix: 'r/', template })).toBe(folder);
    const key = `${folder}recording.mp4`;
    expect(splitByTemplate(key, { prefix: 'r/', template })).toEqual({
      folder,
      uid12: '0123456789ab',
      rest: 'recording.mp4',
    });
    expect(isFolderOf(UID, folder)).toBe(true);
  });

  it('can’t be left by a meeting id, and is there for everybody', () => {
    const place = { prefix: '', template: '{meetingId}/{requestedBy}/{uid}' };
    const folderOf = (meetingId: string): string =>
      recordingFolder({ ...recording, meetingId, requestedBy: undefined }, place);
    expect(folderOf('..')).toBe('_/unknown/0123456789ab/');
    expect(folderOf('../x')).toBe('.._x/unknown/0123456789ab/');
    expect(folderOf('')).toBe('_/unknown/0123456789ab/');
  });

  it('is not made of a UID that is none', () => {
    expect(() =>
      recordingFolder({ ...recording, uid: 'uid-1' }, { prefix: '', template: DEFAULT_KEY_TEMPLATE }),
    ).toThrow('uid-1 is no UID');
  });

  it.each([
    ['r/m/standup-1-0123456789abx/', 'whose name goes on'],
    ['r/m/x0123456789ab0/', 'of another, which begins alike'],
    ['r/m/standup-1-ffffffffffff/', 'of another UID'],
    ['r/m/standup-1-0123456789ab', 'without its slash'],
    ['r/m/standup-1-0123456789ab/../standup-2-ffffffffffff/', 'that leads elsewhere'],
    ['r/m/standup-1-0123456789ab/%2e%2e/standup-2-ffffffffffff/', 'that leads elsewhere when it is decoded'],
    ['r/m/standup-1-0123456789ab/\\..\\x/', 'that leads elsewhere where a backslash is a slash'],
    ['r/m/standup-1-0123456789ab\n/', 'with a line break'],
    ['', 'of nobody'],
    ['/', 'of everybody'],
  ])('is not %s, %s', (folder) => {
    expect(isFolderOf(UID, folder)).toBe(false);
  });

  it('may lie below a prefix that is no plain path', () => {
    for (const prefix of ['my files/', '/', 'a//b/', 'x-'])
      expect(isFolderOf(UID, `${prefix}m/standup-1-0123456789ab/`), prefix).toBe(true);
  });
});

describe('a template', () => {
  it.each([
    ['{meetingId}/{name}', 'without it two recordings share a folder'],
    ['{meetingid}/{uid}', '{meetingid} is no variable'],
    ['{constructor}/{uid}', '{constructor} is no variable'],
    ['{name}/{name}-{uid}', '{name} stands there twice'],
    ['{name}-{uid}-{meetingId}', 'at the beginning or the end'],
    ['/{uid}', 'without a slash at either end'],
    ['{uid}/', 'without a slash at either end'],
    ['a//{uid}', 'must be a plain path'],
    ['../{uid}', 'must be a plain path'],
    ['a b/{uid}', 'must be a plain path'],
    ['{uid}/{', 'must be a plain path'],
    ['%2e/{uid}', 'must be a plain path'],
  ])('%s is refused: %s', (template, why) => {
    expect(() => checkKeyTemplate(template)).toThrow(KeyTemplateError);
    expect(() => checkKeyTemplate(template)).toThrow(why);
  });

  it('finds only folders that it has made', () => {
    const place = { prefix: 'r/', template: 'video/{hash2}/{uid}' };
    for (const key of [
      'video/01/0123456789ab/x',
      'r/audio/01/0123456789ab/x',
      'r/video/02/0123456789ab/x',
      'r/video/01/0123456789abc/x',
    ])
      expect(splitByTemplate(key, place), key).toBeUndefined();
    expect(splitByTemplate('r/video/01/0123456789ab/x', place)).toBeDefined();
  });
});
