import { createHash } from 'node:crypto';
import type { NewMeetingRecording } from '../crd/meeting-recording.ts';
import { API_VERSION, KIND, LABELS, MANAGER_NAME } from '../crd/names.ts';
import type { MeetingRecordingSpecInput } from '../crd/spec.ts';

const LABEL_VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

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
        [LABELS.meeting]: meetingLabel(spec.meetingId),
      },
    },
    spec,
  };
}

/** A meeting's id as a label's value: itself where Kubernetes takes it, else the beginning of its SHA-256. */
export function meetingLabel(meetingId: string): string {
  if (LABEL_VALUE.test(meetingId)) return meetingId;
  return `sha256-${createHash('sha256').update(meetingId).digest('hex').slice(0, 32)}`;
}
