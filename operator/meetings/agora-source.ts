import type { LAYOUTS, MeetingRecordingSpecInput, PUSH_MODES } from '../crd/spec.ts';
import { RecordingError } from './errors.ts';
import type { MeetingDocument } from './meeting.ts';

/** What of an Agora channel is recorded, and how it looks. */
export interface AgoraOptions {
  readonly layout?: (typeof LAYOUTS)[number] | undefined;
  /** Who is large with layout `speaker`. */
  readonly speakerUid?: number | undefined;
  /** `raw`: one host's stream as it is, that of `streamUid`. */
  readonly mode?: (typeof PUSH_MODES)[number] | undefined;
  readonly streamUid?: number | undefined;
  readonly audioOnly?: boolean | undefined;
}

/**
 * The source of a meeting's recording: what was asked for, else what the meeting was registered with, else the default.
 *
 * @throws RecordingError `recording-refused` where Agora's options are asked for and the meeting is not Agora's
 */
export function sourceOf(
  meeting: MeetingDocument,
  options: AgoraOptions,
  defaultLayout: (typeof LAYOUTS)[number] | undefined,
): MeetingRecordingSpecInput['source'] {
  const { source } = meeting;
  const { mode, streamUid, speakerUid } = options;
  if (source.kind === 'rtmp') {
    refuseAgoraOptions(options);
    return { rtmp: {} };
  }
  const channel = { channel: source.channel, region: source.region };
  if (mode === 'raw' && streamUid !== undefined) return { agora: { ...channel, mode, streamUid } };
  // Who asks for a layout wants a picture.
  const audioOnly = options.audioOnly ?? (options.layout === undefined && meeting.audioOnly === true);
  if (audioOnly) return { agora: { ...channel, audioOnly } };
  const layout = options.layout ?? meeting.layout ?? defaultLayout ?? 'auto';
  if (layout === 'auto') return { agora: channel };
  const isSpeaker = layout === 'speaker' && speakerUid !== undefined;
  return { agora: { ...channel, layout, ...(isSpeaker && { speakerUid }) } };
}

function refuseAgoraOptions({ layout, speakerUid, mode, streamUid, audioOnly }: AgoraOptions): void {
  const asked = Object.entries({ layout, speakerUid, mode, streamUid, audioOnly });
  const names = asked.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (names.length === 0) return;
  throw new RecordingError(
    'recording-refused',
    `The meeting is not an Agora channel, but published to: leave out ${names.join(', ')}.`,
  );
}
