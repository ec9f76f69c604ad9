import type { RecordingSubdocument } from './meeting.ts';

export type RecordingErrorCode =
  | 'meeting-not-found'
  | 'recording-not-found'
  | 'not-host'
  | 'not-participant'
  | 'recording-disabled'
  | 'already-recording'
  | 'nothing-to-stop'
  | 'not-available'
  | 'file-gone'
  | 'meeting-ended'
  | 'recording-refused'
  | 'idempotency-key-reused'
  | 'queue-full'
  | 'cluster-unavailable'
  | 'database-unavailable';

interface RecordingErrorDetails extends ErrorOptions {
  /** The meeting's recording as it is, where that helps the caller. */
  readonly recording?: RecordingSubdocument;
  /** Seconds after which asking again makes sense. */
  readonly retryAfterSeconds?: number;
}

/** A request about a recording that can't be met. The message says what the caller can do about it. */
export class RecordingError extends Error {
  readonly code: RecordingErrorCode;
  readonly recording: RecordingSubdocument | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RecordingErrorCode, message: string, details: RecordingErrorDetails = {}) {
    super(message, details);
    this.name = 'RecordingError';
    this.code = code;
    this.recording = details.recording;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
