import { describe, expect, it } from 'vitest';
import type { RecordingPart } from '../crd/status.ts';
import type { MeetingRecording } from '../crd/meeting-recording.ts';
import { attemptKey, newFolder, ownPlace } from './recording-place.ts';
import { NOW, config, recordingOf } from './testing/build.ts';

const folder = { bucket: 'bucket', prefix: 'r/m/rec-0123456789ab/' };
const part: RecordingPart = { attempt: 1, state: 'Salvaging', since: NOW, key: 'k' };

describe('where a recording’s files lie', () => {
  it.each([
    ['meeting-1', 'recordings/meeting-1/rec-0123456789ab/'],
    ['a/../b c', 'recordings/a_.._b_c/rec-0123456789ab/'],
    ['..', 'recordings/_/rec-0123456789ab/'],
    ['Besprechung ü', 'recordings/Besprechung__/rec-0123456789ab/'],
  ])('is a folder of its own, which meeting %s can’t leave', (meetingId, prefix) => {
    expect(newFolder(recordingOf({ spec: { meetingId } }), config.recorder)).toEqual({
      bucket: 'bucket',
      prefix,
    });
  });

  it('stays where it is when the configuration changes, also for one without a folder', () => {
    const recorder = { ...config.recorder, keyPrefix: 'new/', keyTemplate: '{uid}' };
    expect(ownPlace(recordingOf(), { folder }, recorder)).toEqual({
      bucket: 'bucket',
      place: { layout: 'folder', folder: folder.prefix },
    });
    expect(ownPlace(recordingOf(), {}, config.recorder)).toEqual({
      bucket: 'bucket',
      place: { layout: 'legacy', prefix: 'recordings/', meetingId: 'meeting-1', name: 'rec' },
    });
  });

  it.each([
    ['with a folder', folder, `${folder.prefix}recording`],
    ['without one', undefined, 'r/meeting-1/rec'],
  ])(
    'gives the recorder after a lost one a file of its own, and the one after a wait the usual: %s',
    (_which, at, stem) => {
      const keyOf = (recording: MeetingRecording, attempt: number): string =>
        attemptKey({ recording, folder: at, attempt, prefix: 'r/' });
      const after = recordingOf({ status: { attempt: 2, parts: [part] } });
      expect(keyOf(after, 2)).toBe(`${stem}-attempt2.mp4`);
      expect(keyOf(after, 1)).toBe(`${stem}.mp4`);
      expect(keyOf(recordingOf({ status: { attempt: 2 } }), 2)).toBe(`${stem}.mp4`);
    },
  );
});
