import type { CodecName } from '../../../recorder-image/contract/codecs.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import type { CodedPacket, CodedTrack } from './coded-track.ts';

/** How a publisher puts a track into messages: by the numbers of FLV, or by FourCC. */
export type Form = 'flv' | 'enhanced';

/** SoundFormat, rate, size and channels. */
const FLV_AUDIO: Readonly<Partial<Record<CodecName, number>>> = {
  aac: 0xaf,
  mp3: 0x2e,
  pcma: 0x72,
  pcmu: 0x82,
  pcm: 0x3a,
  adpcm: 0x1a,
  speex: 0xb2,
  nellymoser: 0x42,
};
const FLV_VIDEO: Readonly<Partial<Record<CodecName, number>>> = { avc: 7, hevc: 12, h263: 2, screen: 3 };
const FOURCC: Readonly<Partial<Record<CodecName, string>>> = {
  avc: 'avc1',
  hevc: 'hvc1',
  av1: 'av01',
  vp9: 'vp09',
  vp8: 'vp08',
  aac: 'mp4a',
  opus: 'Opus',
  ac3: 'ac-3',
  eac3: 'ec-3',
  flac: 'fLaC',
  mp3: '.mp3',
};
const AUDIO: ReadonlySet<CodecName> = new Set(['aac', 'opus', 'ac3', 'eac3', 'flac', 'mp3']);
const COMPOSED: ReadonlySet<CodecName> = new Set(['avc', 'hevc']);
const SEQUENCE_START = 0;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;

/** The track's messages as a publisher sends them, what describes the codec first. */
export function messagesOf(track: CodedTrack, form: Form, trackId = 0): Tag[] {
  return form === 'flv' ? flvMessages(track) : enhancedMessages(track, trackId);
}

/** All messages in the order of their times; those of equal times as the tracks are given. */
export function interleaved(tracks: readonly (readonly Tag[])[]): Tag[] {
  return tracks.flat().toSorted((a, b) => a.timestampMs - b.timestampMs);
}

function flvMessages({ codec, record, packets }: CodedTrack): Tag[] {
  const audio = FLV_AUDIO[codec];
  if (audio !== undefined) {
    const isAac = codec === 'aac';
    const start = isAac
      ? [{ track: 'audio', timestampMs: 0, payload: bytes([audio, 0], record) } as const]
      : [];
    const header = isAac ? [audio, 1] : [audio];
    return [...start, ...packets.map((packet) => tagOf('audio', packet, bytes(header, packet.payload)))];
  }
  const video = FLV_VIDEO[codec];
  if (video === undefined) throw new Error(`FLV has no number for ${codec}`);
  const isComposed = COMPOSED.has(codec);
  const start = isComposed
    ? [{ track: 'video', timestampMs: 0, payload: bytes([0x10 | video, 0, 0, 0, 0], record) } as const]
    : [];
  const frames = packets.map((packet) => {
    const first = (packet.isKeyFrame ? 0x10 : 0x20) | video;
    const header = isComposed ? bytes([first, 1], compositionTime(packet)) : bytes([first]);
    return tagOf('video', packet, bytes(header, packet.payload));
  });
  return [...start, ...frames];
}

function enhancedMessages({ codec, record, packets }: CodedTrack, trackId: number): Tag[] {
  const kind = AUDIO.has(codec) ? 'audio' : 'video';
  const fourCc = Buffer.from(FOURCC[codec] ?? '');
  if (fourCc.length === 0) throw new Error(`Enhanced RTMP has no name for ${codec}`);
  const headerOf = (packetType: number, isKeyFrame: boolean): Buffer => {
    const high = kind === 'audio' ? 0x90 : 0x80 | (isKeyFrame ? 0x10 : 0x20);
    if (trackId === 0) return bytes([high | packetType], fourCc);
    // OneTrack, under the number that stands for multitrack.
    return bytes([high | (kind === 'audio' ? 5 : 6), packetType], fourCc, [trackId]);
  };
  const marker = codec === 'flac' ? bytes('fLaC', [0x80, 0, 0, record.length]) : Buffer.alloc(0);
  const start = {
    track: kind,
    timestampMs: 0,
    payload: bytes(headerOf(SEQUENCE_START, true), marker, record),
  } as const;
  return [
    start,
    ...packets.map((packet) => {
      const delayed = packet.ptsMs !== packet.dtsMs;
      const withTime = COMPOSED.has(codec) && delayed;
      const type = withTime || kind === 'audio' ? CODED_FRAMES : CODED_FRAMES_X;
      const time = withTime ? compositionTime(packet) : Buffer.alloc(0);
      return tagOf(kind, packet, bytes(headerOf(type, packet.isKeyFrame), time, packet.payload));
    }),
  ];
}

function tagOf(track: 'audio' | 'video', { dtsMs }: CodedPacket, payload: Buffer): Tag {
  return { track, timestampMs: dtsMs, payload };
}

function compositionTime({ ptsMs, dtsMs }: CodedPacket): Buffer {
  const time = Buffer.alloc(3);
  time.writeIntBE(ptsMs - dtsMs, 0, 3);
  return time;
}

function bytes(...parts: readonly (string | readonly number[] | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
}
