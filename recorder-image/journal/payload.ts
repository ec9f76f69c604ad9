import type { Track } from './flv.ts';

/**
 * What an audio or video payload is, by FLV's Annex E and Enhanced RTMP v2.
 *
 * - `config`: the codec's parameters (AVCDecoderConfigurationRecord, AudioSpecificConfig, …), no media
 * - `media`: coded frames
 * - `other`: nothing that belongs in a recording: end of sequence, seek commands, HDR hints, an empty message
 */
export type PayloadKind = 'config' | 'media' | 'other';

const AAC = 10;
const AVC = 7;
const HEVC_LEGACY = 12;
const EXTENDED_AUDIO = 9;
const COMMAND_FRAME = 5;

/** Of the codecs that come by RTMP, those that make a difference to how they are put into a file. */
export type VideoCodec = 'avc' | 'hevc' | 'other';

export function payloadKind(track: Track, payload: Buffer): PayloadKind {
  if (payload.length < 2) return 'other';
  return track === 'audio' ? audioKind(payload) : videoKind(payload);
}

/**
 * The bytes that tell two codec configurations apart: the same ones again mean that nothing has changed.
 * Leaves out what differs without meaning anything, like the composition time of an AVC header.
 */
export function configIdentity(track: Track, payload: Buffer): Buffer {
  if (track === 'video' && !isExtendedVideo(payload))
    return Buffer.concat([codecId(payload), payload.subarray(5)]);
  return payload;
}

/** The codec of a video payload, whose first bytes name it. */
export function videoCodecOf(payload: Buffer): VideoCodec {
  if (isExtendedVideo(payload)) {
    const fourCc = payload.toString('latin1', 1, 5);
    if (fourCc === 'hvc1') return 'hevc';
    return fourCc === 'avc1' ? 'avc' : 'other';
  }
  const codec = (payload[0] ?? 0) & 0x0f;
  if (codec === AVC) return 'avc';
  return codec === HEVC_LEGACY ? 'hevc' : 'other';
}

function audioKind(payload: Buffer): PayloadKind {
  const format = (payload[0] ?? 0) >> 4;
  if (format === AAC) return payload[1] === 0 ? 'config' : 'media';
  if (format !== EXTENDED_AUDIO) return 'media';
  return extendedKind((payload[0] ?? 0) & 0x0f, [1, 5, 7]);
}

function videoKind(payload: Buffer): PayloadKind {
  const first = payload[0] ?? 0;
  if (((first >> 4) & 0b0111) === COMMAND_FRAME) return 'other';
  if (isExtendedVideo(payload)) return extendedKind(first & 0x0f, [1, 3, 6, 7]);
  if (![AVC, HEVC_LEGACY].includes(first & 0x0f)) return 'media';
  if (payload.length < 5) return 'other';
  if (payload[1] === 0) return 'config';
  return payload[1] === 1 ? 'media' : 'other';
}

/** PacketType 0 starts a sequence; which ones carry coded frames differs between audio and video. */
function extendedKind(packetType: number, media: readonly number[]): PayloadKind {
  if (packetType === 0) return 'config';
  return media.includes(packetType) ? 'media' : 'other';
}

function isExtendedVideo(payload: Buffer): boolean {
  return ((payload[0] ?? 0) & 0x80) !== 0;
}

function codecId(payload: Buffer): Buffer {
  return Buffer.from([(payload[0] ?? 0) & 0x0f]);
}
