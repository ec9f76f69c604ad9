import { labelValue } from '../crd/label-value.ts';
import type { NewMeetingRecording } from '../crd/meeting-recording.ts';
import { API_VERSION, KIND, LABELS, MANAGER_NAME } from '../crd/names.ts';
import type { MeetingRecordingSpecInput } from '../crd/spec.ts';

/** The object that a recording is made with. */
export function newObject(options: {
  readonly recordingId: string;
  readonly namespace: string;
  readonly spec: MeetingRecordingSpecInput;
}): NewMeetingRecording {
  const { recordingId, namespace, spec } = options;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: recordingId,
      namespace,
      labels: {
        [LABELS.managedBy]: MANAGER_NAME,
        [LABELS.recording]: recordingId,
        [LABELS.meeting]: labelValue(spec.meetingId),
      },
    },
    spec,
  };
}
