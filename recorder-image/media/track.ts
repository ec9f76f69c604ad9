import type { CodecName } from '../contract/codecs.ts';

export type MediaKind = 'audio' | 'video';

/** An elementary stream of a publisher: `video:0`, `audio:0`, and with multitrack `audio:1` and so on. */
export type TrackId = `${MediaKind}:${number}`;

/** A codec's parameters as the publisher announced them. */
export interface TrackConfig {
  readonly track: TrackId;
  readonly codec: CodecName;
  /**
   * The decoder configuration record as MP4 has it in the sample entry (avcC, hvcC, av1C, vpcC, AudioSpecificConfig,
   * dOps or OpusHead, fLaC's STREAMINFO, …), without a box header; empty for codecs that have none.
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
