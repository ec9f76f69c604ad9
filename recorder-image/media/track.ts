import type { CodecName } from '../contract/codecs.ts';

export type MediaKind = 'audio' | 'video';

/** An elementary stream of a publisher: `video:0`, `audio:0`, and with multitrack `audio:1` and so on. */
export type TrackId = `${MediaKind}:${number}`;

/** A codec's parameters as the publisher announced them. */
export interface TrackConfig {
  readonly track: TrackId;
  readonly codec: CodecName;
  /**
   * The decoder configuration as it was announced, without a box header: avcC, hvcC, av1C, vpcC (without version and
   * flags), vvcC, AudioSpecificConfig, OpusHead, FLAC's metadata blocks. Of FLV's older audio codecs it is the byte
   * that says format, rate, size and channels; empty where a codec says everything in its frames.
   */
  readonly record: Buffer;
}

/** One coded frame, as a container's sample holds it. Times are in ms on the journal's timeline. */
export interface Packet {
  readonly track: TrackId;
  readonly codec: CodecName;
  readonly dtsMs: number;
  /** May be before or after the decoding time. */
  readonly ptsMs: number;
  readonly isKeyFrame: boolean;
  /** The frame alone: no FLV or RTMP header. */
  readonly payload: Buffer;
}

/** An audio or video message of RTMP, or tag of FLV: they are the same. */
export interface MediaMessage {
  readonly kind: MediaKind;
  readonly timestampMs: number;
  readonly payload: Buffer;
}

/** Coded frames of a codec that has no name here. */
export interface UnknownMedia {
  readonly track: TrackId;
  /** What the message calls it: its FourCC, or the number of FLV. Printable. */
  readonly name: string;
}

/** What a message brings. With multitrack it may be of several tracks. */
export interface MessageContent {
  /** A codec without parameters of its own announces itself with each packet. */
  readonly configs: readonly TrackConfig[];
  readonly packets: readonly Packet[];
  readonly unknown: readonly UnknownMedia[];
}

export function kindOf(track: TrackId): MediaKind {
  return track.startsWith('audio') ? 'audio' : 'video';
}

export function isSameConfig(one: TrackConfig, other: TrackConfig): boolean {
  return one.track === other.track && one.codec === other.codec && one.record.equals(other.record);
}
