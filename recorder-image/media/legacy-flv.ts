import type { CodecName } from '../contract/codecs.ts';
import { NOTHING, ofConfig, ofPacket, ofSelfDescribing, ofUnknown } from './message-content.ts';
import type { MediaMessage, MessageContent } from './track.ts';

/** SoundFormat of FLV. */
const AUDIO_CODECS: ReadonlyMap<number, CodecName> = new Map([
  [0, 'pcm'],
  [1, 'adpcm'],
  [2, 'mp3'],
  [3, 'pcm'],
  [4, 'nellymoser'],
  [5, 'nellymoser'],
  [6, 'nellymoser'],
  [7, 'pcma'],
  [8, 'pcmu'],
  [10, 'aac'],
  [11, 'speex'],
  [14, 'mp3'],
]);
/** CodecID of FLV; 12 is what some encoders made up for HEVC before there was Enhanced RTMP. */
const VIDEO_CODECS: ReadonlyMap<number, CodecName> = new Map([
  [2, 'h263'],
  [3, 'screen'],
  [4, 'vp6'],
  [5, 'vp6'],
  [6, 'screen'],
  [7, 'avc'],
  [12, 'hevc'],
]);
const SEQUENCE_HEADER = 0;
const CODED = 1;
const COMMAND_FRAME = 5;

/** One byte says format, rate, size and channels; AAC has another one that says what follows. */
export function readLegacyAudio({ timestampMs, payload }: MediaMessage): MessageContent {
  if (payload.length < 2) return NOTHING;
  const format = (payload[0] ?? 0) >> 4;
  const codec = AUDIO_CODECS.get(format);
  const track = 'audio:0';
  if (codec === undefined) return ofUnknown(track, `FLV audio format ${format}`);
  const times = { dtsMs: timestampMs, ptsMs: timestampMs, isKeyFrame: true };
  if (codec !== 'aac') {
    return ofSelfDescribing({ track, codec, ...times, payload: payload.subarray(1) }, payload.subarray(0, 1));
  }
  const body = payload.subarray(2);
  if (payload[1] === SEQUENCE_HEADER) return body.length === 0 ? NOTHING : ofConfig(track, codec, body);
  return payload[1] === CODED ? ofPacket({ track, codec, ...times, payload: body }) : NOTHING;
}

/** One byte says frame type and codec; AVC and HEVC have four more: what follows, and the composition time. */
export function readLegacyVideo({ timestampMs, payload }: MediaMessage): MessageContent {
  if (payload.length < 2) return NOTHING;
  const [first = 0, packetType] = payload;
  const frameType = first >> 4;
  if (frameType === COMMAND_FRAME) return NOTHING;
  const codec = VIDEO_CODECS.get(first & 0x0f);
  const track = 'video:0';
  if (codec === undefined) return ofUnknown(track, `FLV video codec ${first & 0x0f}`);
  const isKeyFrame = isKeyFrameType(frameType);
  if (codec !== 'avc' && codec !== 'hevc') {
    const frame = payload.subarray(1);
    return ofSelfDescribing({
      ...{ track, codec, dtsMs: timestampMs, ptsMs: timestampMs, isKeyFrame },
      payload: frame,
    });
  }
  if (payload.length < 6) return NOTHING;
  const body = payload.subarray(5);
  if (packetType === SEQUENCE_HEADER) return ofConfig(track, codec, body);
  if (packetType !== CODED) return NOTHING;
  const ptsMs = timestampMs + payload.readIntBE(2, 3);
  return ofPacket({ track, codec, dtsMs: timestampMs, ptsMs, isKeyFrame, payload: body });
}

/** A key frame, or one that a server made. */
export function isKeyFrameType(frameType: number): boolean {
  return frameType === 1 || frameType === 4;
}
