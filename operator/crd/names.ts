/** Names under which Meetrec's objects are known to the API server and to people. Never changed once released. */
export const GROUP = 'meetrec.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'MeetingRecording';
export const LIST_KIND = 'MeetingRecordingList';
export const PLURAL = 'meetingrecordings';
export const SINGULAR = 'meetingrecording';
export const SHORT_NAME = 'mrec';

/** On the MeetingRecording: the controller still has work to do before the object may go. */
export const RECORDING_FINALIZER = `${GROUP}/recording`;
/** On the recorder pod: its result has not been read yet. */
export const RESULT_FINALIZER = `${GROUP}/result`;

/** On the MeetingRecording, set along with `spec.desiredState: Stopped`: why, as one of REASONS; StopRequested without it. */
export const STOP_REASON_ANNOTATION = `${GROUP}/stop-reason`;

/** Labels of everything that the controller makes for a recording. */
export const LABELS = {
  name: 'app.kubernetes.io/name',
  managedBy: 'app.kubernetes.io/managed-by',
  recording: `${GROUP}/recording`,
  meeting: `${GROUP}/meeting`,
  /** On a recorder pod: the number of the attempt. */
  attempt: `${GROUP}/attempt`,
  /** On a pod that salvages: the attempt whose part it saves. */
  salvages: `${GROUP}/salvages`,
} as const;

export const RECORDER_APP_NAME = 'meetrec-recorder';
export const MANAGER_NAME = 'meetrec';

/**
 * The longest name of a MeetingRecording, in characters: `-` and an attempt number are added for the pod's
 * name, which is its host name too and so a DNS label of at most 63.
 */
export const MAX_NAME_LENGTH = 58;
