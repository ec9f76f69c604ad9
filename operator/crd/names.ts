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

/**
 * On the MeetingRecording: who is in its Agora channel and sends, as uids with commas between them, in the order in
 * which they came; empty where nobody is, absent where nothing is known. The layout follows it.
 */
export const PARTICIPANTS_ANNOTATION = `${GROUP}/participants`;
/** On the MeetingRecording: the latest that Agora told of its converter: `failed ID` or `destroyed ID REASON`. */
export const PUSH_NEWS_ANNOTATION = `${GROUP}/push-news`;

/** On a recorder pod: `spec.maxDurationSeconds`, which the recorder reads again and again from a file. */
export const MAX_DURATION_ANNOTATION = `${GROUP}/max-duration-seconds`;

/** On a recorder pod: `BUCKET/PREFIX` of the recording's folder, which its recorder was given. */
export const FOLDER_ANNOTATION = `${GROUP}/folder`;

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

/** What names of Agora's converters of ours begin with; the UID of the MeetingRecording follows. */
export const CONVERTER_PREFIX = 'meetrec-';

export const RECORDER_APP_NAME = 'meetrec-recorder';
export const MANAGER_NAME = 'meetrec';

/**
 * The longest name of a MeetingRecording, in characters: `-` and an attempt number are added for the pod's
 * name, which is its host name too and so a DNS label of at most 63.
 */
export const MAX_NAME_LENGTH = 58;
