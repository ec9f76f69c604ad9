import { describe, expect, it } from 'vitest';
import { recordingNames } from './recording-names.ts';

describe('the recording of a file', () => {
  it.each([
    ['recordings/standup/rec-1.mp4', ['rec-1']],
    ['recordings/standup/rec-1-take3.mp4', ['rec-1-take3', 'rec-1']],
    ['recordings/standup/rec-1-attempt2.webm', ['rec-1-attempt2', 'rec-1']],
    ['recordings/standup/rec-1-attempt2-take3.mp4', ['rec-1-attempt2-take3', 'rec-1-attempt2', 'rec-1']],
  ])('%s is one of %j', (key, names) => {
    expect(recordingNames(key, 'recordings/')).toEqual(names);
  });

  it.each([
    'other/standup/rec-1.mp4',
    'recordings/rec-1.mp4',
    'recordings/standup/rec-1/part.mp4',
    'recordings/standup/rec-1.txt',
    'recordings/standup/.mp4',
    'recordings//rec-1.mp4',
  ])('%s is nobody’s', (key) => {
    expect(recordingNames(key, 'recordings/')).toEqual([]);
  });
});
