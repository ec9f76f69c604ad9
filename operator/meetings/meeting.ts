import { Schema } from 'mongoose';
import type { Connection, Model } from 'mongoose';
import { LAYOUTS } from '../crd/spec.ts';
import type { REGIONS } from '../crd/spec.ts';
import { RECORDING_STATUSES } from './recording-status.ts';
import type { RecordingStatus } from './recording-status.ts';
import { SCHEMA_OPTIONS } from './schema-options.ts';

/** Where a meeting's media comes from when it is recorded. */
export type MeetingSource =
  | { readonly kind: 'agora'; readonly channel: string; readonly region: (typeof REGIONS)[number] }
  | { readonly kind: 'rtmp' };

/** The part of a meeting's `recording` that is taken from the recording it shows. */
export interface ShownRecording {
  status: RecordingStatus;
  /** First media, last media. */
  startedAt: Date | null;
  stoppedAt: Date | null;
  /** Seconds of media. */
  duration: number | null;
  /** s3://BUCKET/KEY */
  fileUrl: string | null;
  fileKey: string | null;
  /** Bytes. */
  fileSize: number | null;
  format: string | null;
  resolution: string | null;
  fps: number | null;
  /** kbit/s */
  bitrate: number | null;
  error: string | null;
  /** Whether everything that was accepted is in the files; null while active, and where nobody can tell. */
  complete: boolean | null;
  /** That are missing by the installation's fault; null as above. */
  missingSeconds: number | null;
  recordingId: string | null;
}

/** A meeting's `recording`, as callers of the API see it. */
export interface RecordingSubdocument extends ShownRecording {
  enabled: boolean;
  autoStart: boolean;
}

export interface MeetingDocument {
  /** The id that the backend knows the meeting by. */
  _id: string;
  host: string;
  creator: string;
  participants: string[];
  source: MeetingSource;
  recording: RecordingSubdocument;
  /**
   * Which recording `recording` was taken from, and at which revision. Absent until the first one. Writes are
   * conditional on it, so that neither an older recording nor an older state ever replaces a newer one.
   */
  shown?: { recordingId: string; createdAt: Date; revision: number; uid?: string | null } | null;
  endedAt?: Date | null;
  /** Days that files are kept; absent: as long as the installation keeps them. */
  retentionDays?: number | null;
  /** How its recordings are arranged, of an Agora channel; absent: as the installation has it. */
  layout?: (typeof LAYOUTS)[number] | null;
  /** Only the sound of its Agora channel is recorded. */
  audioOnly?: boolean | null;
  createdAt: Date;
  updatedAt: Date;
}

export const NOTHING_SHOWN: ShownRecording = {
  status: 'idle',
  startedAt: null,
  stoppedAt: null,
  duration: null,
  fileUrl: null,
  fileKey: null,
  fileSize: null,
  format: null,
  resolution: null,
  fps: null,
  bitrate: null,
  error: null,
  complete: null,
  missingSeconds: null,
  recordingId: null,
};

const text = { type: String, default: null };
const number = { type: Number, default: null };
const time = { type: Date, default: null };
const flag = { type: Boolean, default: null };

const schema = new Schema<MeetingDocument>(
  {
    _id: { type: String, required: true },
    host: { type: String, required: true },
    creator: { type: String, required: true },
    participants: [String],
    source: {
      _id: false,
      type: { kind: { type: String, enum: ['agora', 'rtmp'] }, channel: String, region: String },
      required: true,
    },
    recording: {
      enabled: { type: Boolean, default: true },
      autoStart: { type: Boolean, default: false },
      status: { type: String, enum: RECORDING_STATUSES, default: 'idle' },
      startedAt: time,
      stoppedAt: time,
      duration: number,
      fileUrl: text,
      fileKey: text,
      fileSize: number,
      format: text,
      resolution: text,
      fps: number,
      bitrate: number,
      error: text,
      complete: flag,
      missingSeconds: number,
      recordingId: text,
    },
    shown: { _id: false, type: { recordingId: String, createdAt: Date, revision: Number, uid: String } },
    endedAt: { type: Date },
    retentionDays: { type: Number },
    layout: { type: String, enum: LAYOUTS },
    audioOnly: { type: Boolean },
  },
  { ...SCHEMA_OPTIONS, collection: 'meetings', timestamps: true },
);
// Webhooks name a channel, not a meeting.
schema.index({ 'source.channel': 1 });
schema.index({ 'recording.status': 1 });
schema.index({ 'recording.autoStart': 1, updatedAt: -1 });
schema.index({ retentionDays: 1 }, { sparse: true });

export type MeetingModel = Model<MeetingDocument>;

export function meetingModel(connection: Connection): MeetingModel {
  return connection.model<MeetingDocument>('Meeting', schema);
}
