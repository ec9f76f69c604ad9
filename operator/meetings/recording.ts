import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import type { Phase } from '../crd/phases.ts';
import type { MeetingRecordingSpecInput } from '../crd/spec.ts';
import type { ManifestRef, RecordingFile, RecordingFolder } from '../crd/status.ts';
import type { RecordingEvent } from './recording-events.ts';
import { RECORDING_STATUSES } from './recording-status.ts';
import type { ShownRecording } from './meeting.ts';
import { SCHEMA_OPTIONS } from './schema-options.ts';

/** Why a recording was asked to stop, as its object's annotation has it. */
export type StopReason = 'StopRequested' | 'MeetingEnded';

/** One recording of a meeting: from the moment it is asked for, before its object exists, and for ever after. */
export interface RecordingDocument extends Omit<ShownRecording, 'recordingId'> {
  /** The recording id: the object's name, and for an object that has the name of an earlier one its UID with it. */
  _id: string;
  meetingId: string;
  /** The cluster whose API looks after this recording, where several share a database. */
  cluster: string;
  /**
   * Unique among all recordings: the meeting's while a recording that the API started is active, else the
   * recording's own. So a second one can't be started, whatever the database makes of concurrent updates.
   */
  gate: string;
  /** When it was asked for. Of two recordings of a meeting, the later one is shown. */
  createdAt: Date;
  requestedBy: string | null;
  /** What the object is made from; null where the object was made by somebody else. */
  spec: MeetingRecordingSpecInput | null;
  /** A second start with the same key by the same user is answered with this recording. */
  idempotencyKey: string | null;
  /** What that start asked for, hashed: the same key for something else is a mistake. */
  requestDigest?: string | null;
  /** Set once a stop was asked for, before the object knows. */
  stopReason: StopReason | null;
  /** When that was, and by which idempotency keys, hashed with their users: such a stop is never another recording's. */
  stopAskedAt?: Date | null;
  stopKeys?: string[];
  /** The start was refused: what remains is to show the recording before this one, and to remove this. */
  isUndone: boolean;
  /** The object's; null until it was seen. */
  uid: string | null;
  resourceVersion: string | null;
  /** Failed because the object is gone, which a later sight of the object may correct. */
  isLost: boolean;
  phase: Phase | null;
  reason: string | null;
  message: string | null;
  queuePosition: number | null;
  completedAt: Date | null;
  bucket: string | null;
  /** Where its files lie; absent where the recording is of before recordings had folders, or has had no recorder. */
  folder?: RecordingFolder | null;
  /** Every file that the status knows, in order; of recordings from before only where there is more than one. */
  files: RecordingFile[];
  /** Where the list of all files lies; absent in recordings from before. */
  manifest?: ManifestRef | null;
  /** When retention removed the file. */
  deletedAt?: Date | null;
  /** Retention is at it: nothing stops it any more. */
  deletingAt?: Date | null;
  /** Keeps retention away. */
  legalHold?: boolean;
  /** Events that the backend is to be told of, and was; absent where nobody is told. */
  owed?: RecordingEvent[];
  told?: RecordingEvent[];
  /** Whether anything is owed: what the sweep looks for. */
  owing?: boolean;
  /** Grows by one with every change; updates are conditional on it. */
  revision: number;
}

/** The gate of a meeting: who holds it has the one recording that the API may have started for it. */
export function meetingGate(meetingId: string): string {
  return `meeting:${meetingId}`;
}

/** The gate of a recording that holds no meeting's. */
export function recordingGate(recordingId: string): string {
  return `recording:${recordingId}`;
}

const text = { type: String, default: null };
const number = { type: Number, default: null };
const time = { type: Date, default: null };

const schema = new Schema<RecordingDocument>(
  {
    _id: { type: String, required: true },
    meetingId: { type: String, required: true },
    cluster: { type: String, required: true },
    gate: { type: String, required: true },
    createdAt: { type: Date, required: true },
    requestedBy: text,
    spec: { type: Schema.Types.Mixed, default: null },
    idempotencyKey: text,
    requestDigest: text,
    stopReason: text,
    stopAskedAt: time,
    stopKeys: { type: [String], default: () => [] },
    isUndone: { type: Boolean, default: false },
    uid: text,
    resourceVersion: text,
    isLost: { type: Boolean, default: false },
    status: { type: String, enum: RECORDING_STATUSES, required: true },
    phase: text,
    reason: text,
    message: text,
    queuePosition: number,
    startedAt: time,
    stoppedAt: time,
    completedAt: time,
    duration: number,
    bucket: text,
    folder: { type: Schema.Types.Mixed, default: null },
    fileUrl: text,
    fileKey: text,
    fileSize: number,
    files: { type: Schema.Types.Mixed, default: () => [] },
    manifest: { type: Schema.Types.Mixed, default: null },
    format: text,
    resolution: text,
    fps: number,
    bitrate: number,
    error: text,
    complete: { type: Boolean, default: null },
    missingSeconds: number,
    deletedAt: time,
    deletingAt: time,
    legalHold: { type: Boolean, default: false },
    owed: { type: [String], default: () => [] },
    told: { type: [String], default: () => [] },
    owing: { type: Boolean, default: false },
    revision: { type: Number, required: true },
  },
  { ...SCHEMA_OPTIONS, collection: 'recordings', minimize: false },
);
schema.index({ gate: 1 }, { unique: true });
schema.index({ meetingId: 1, createdAt: -1 });
schema.index({ cluster: 1, status: 1 });
schema.index({ cluster: 1, owing: 1 });
schema.index({ cluster: 1, completedAt: 1 });

export type RecordingModel = Model<RecordingDocument>;

export function recordingModel(connection: Connection): RecordingModel {
  return connection.model<RecordingDocument>('Recording', schema);
}
