import { DEFAULTS } from '../crd/spec.ts';
import type { FORMATS, LAYOUTS, MeetingRecordingSpecInput } from '../crd/spec.ts';
import { sourceOf } from './agora-source.ts';
import type { AgoraOptions } from './agora-source.ts';
import { digestOfStart } from './idempotency.ts';
import type { MeetingDocument } from './meeting.ts';
import { meetingGate } from './recording.ts';
import type { RecordingDocument } from './recording.ts';

/** What the caller may choose; the rest comes from {@link RecordingDefaults}. */
export interface RecordingOptions extends AgoraOptions {
  readonly format?: (typeof FORMATS)[number] | undefined;
  /** WIDTHxHEIGHT in pixels. */
  readonly resolution?: string | undefined;
  readonly fps?: number | undefined;
  /** kbit/s */
  readonly bitrate?: number | undefined;
  /** Seconds of media. */
  readonly maxDuration?: number | undefined;
}

export interface RecordingDefaults {
  readonly format: (typeof FORMATS)[number];
  readonly resolution: string;
  readonly fps: number;
  /** kbit/s */
  readonly bitrate: number;
  /** Seconds of media. */
  readonly maxDuration: number;
  /** Of Agora channels; `auto` where absent. */
  readonly layout?: (typeof LAYOUTS)[number] | undefined;
}

export const RECORDING_DEFAULTS: RecordingDefaults = {
  format: DEFAULTS.format,
  resolution: DEFAULTS.resolution,
  fps: DEFAULTS.fps,
  bitrate: DEFAULTS.bitrateKbps,
  maxDuration: DEFAULTS.maxDurationSeconds,
};

/** A recording that was asked for, before anything is done about it. */
export function requestedRecording(request: {
  readonly recordingId: string;
  readonly meeting: MeetingDocument;
  readonly userId: string;
  readonly options: RecordingOptions;
  readonly defaults: RecordingDefaults;
  readonly idempotencyKey: string | undefined;
  readonly cluster: string;
  readonly now: Date;
}): RecordingDocument {
  const { recordingId, meeting, userId, options, defaults, now } = request;
  const output = {
    format: options.format ?? defaults.format,
    resolution: options.resolution ?? defaults.resolution,
    fps: options.fps ?? defaults.fps,
    bitrateKbps: options.bitrate ?? defaults.bitrate,
  };
  const spec: MeetingRecordingSpecInput = {
    meetingId: meeting._id,
    requestedBy: userId,
    source: sourceOf(meeting, options, defaults.layout),
    output,
    maxDurationSeconds: options.maxDuration ?? defaults.maxDuration,
  };
  // Clocks of replicas differ by a little: a meeting's recordings stay in order all the same.
  const shownAt = meeting.shown?.createdAt.getTime() ?? 0;
  return {
    _id: recordingId,
    meetingId: meeting._id,
    cluster: request.cluster,
    gate: meetingGate(meeting._id),
    createdAt: new Date(Math.max(now.getTime(), shownAt + 1)),
    requestedBy: userId,
    spec,
    idempotencyKey: request.idempotencyKey ?? null,
    requestDigest: request.idempotencyKey === undefined ? null : digestOfStart(options),
    stopReason: null,
    isUndone: false,
    uid: null,
    resourceVersion: null,
    isLost: false,
    status: 'starting',
    phase: null,
    reason: null,
    message: null,
    queuePosition: null,
    startedAt: null,
    stoppedAt: null,
    completedAt: null,
    duration: null,
    bucket: null,
    fileUrl: null,
    fileKey: null,
    fileSize: null,
    files: [],
    format: output.format,
    resolution: output.resolution,
    fps: output.fps,
    bitrate: output.bitrateKbps,
    error: null,
    complete: null,
    missingSeconds: null,
    revision: 1,
  };
}
