import type { LAYOUTS, MeetingRecordingSpecInput } from '../crd/spec.ts';
import { RecordingError } from './errors.ts';
import type { MeetingDocument } from './meeting.ts';

/** What of an Agora channel is recorded, and how it looks. */
export interface AgoraOptions {
  readonly layout?: (typeof LAYOUTS)[number] | undefined;
  /** Who is large with layout `speaker`. */
  readonly speakerUid?: number | undefined;
  /** This host's stream as it is, instead of everybody mixed. */
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
  const { streamUid, speakerUid } = options;
  if (source.kind === 'rtmp') {
    refuseAgoraOptions(options);
    return { rtmp: {} };
  }
  const channel = { channel: source.channel, region: source.region };
  if (streamUid !== undefined) return { agora: { ...channel, mode: 'raw', streamUid } };
  // Who asks for a layout wants a picture.
  const audioOnly = options.audioOnly ?? (options.layout === undefined && meeting.audioOnly === true);
  if (audioOnly) return { agora: { ...channel, audioOnly } };
  const layout = options.layout ?? meeting.layout ?? defaultLayout ?? 'auto';
  if (layout === 'auto') return { agora: channel };
  const isSpeaker = layout === 'speaker' && speakerUid !== undefined;
  return { agora: { ...channel, layout, ...(isSpeaker && { speakerUid }) } };
}

function refuseAgoraOptions({ layout, speakerUid, streamUid, audioOnly }: AgoraOptions): void {
  const asked = Object.entries({ layout, speakerUid, streamUid, audioOnly });
  const names = asked.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (names.length === 0) return;
  throw new RecordingError(
    'recording-refused',
    `The meeting is not an Agora channel, but published to: leave out ${names.join(', ')}.`,
  );
}
