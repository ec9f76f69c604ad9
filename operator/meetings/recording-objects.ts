import type { MeetingRecording, NewMeetingRecording } from '../crd/meeting-recording.ts';
import type { StopReason } from './recording.ts';

/**
 * MeetingRecording objects, as the recording service needs them. Every method has a time limit of its own and throws
 * {@link ObjectRefusedError} or {@link ObjectsUnavailableError}.
 */
export interface RecordingObjects {
  /** Makes the object; undefined where one of that name exists. */
  create(object: NewMeetingRecording, signal?: AbortSignal): Promise<MeetingRecording | undefined>;
  /** The object as the API server has it now, undefined where there is none. */
  get(name: string, signal?: AbortSignal): Promise<MeetingRecording | undefined>;
  /**
   * Sets `spec.desiredState: Stopped`, which is harmless to repeat; undefined where there is no such object.
   *
   * @param options.uid an object of the name that has another UID is none such
   */
  stop(
    name: string,
    reason: StopReason,
    options?: { readonly uid?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<MeetingRecording | undefined>;
}

/** The API server answered no: nothing was changed, and asking again gets the same answer. */
export class ObjectRefusedError extends Error {
  readonly code = 'OBJECT_REFUSED';
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ObjectRefusedError';
    this.status = status;
  }
}

/** No answer from the API server, or one that says to come again later. */
export class ObjectsUnavailableError extends Error {
  readonly code = 'OBJECTS_UNAVAILABLE';
  /** The request may have been carried out all the same. */
  readonly isInDoubt: boolean;

  constructor(message: string, options: ErrorOptions & { readonly isInDoubt: boolean }) {
    super(message, options);
    this.name = 'ObjectsUnavailableError';
    this.isInDoubt = options.isInDoubt;
  }
}
