import type { CodecName } from '../contract/codecs.ts';
import type { TrackFigures } from '../media/track-ledger.ts';
import type { MediaKind } from '../media/track.ts';
import type { Parser } from './push-parser.ts';

/** One track of a file, in the order of the file. */
export interface ScannedTrack extends TrackFigures {
  readonly kind: MediaKind;
  /** Undefined for one that has no name here. */
  readonly codec: CodecName | undefined;
  /** Where the last packet ends, in ms; as `lastMs` where a file does not say so. */
  readonly endMs: number;
  /** What was added to the times of the file, in ms. */
  readonly offsetMs: number;
}

/** A track of a file whose first packet has come. */
export interface BegunTrack {
  readonly kind: MediaKind;
  /** Among those of its kind, from 0 on. */
  readonly index: number;
  /** The decoding time of that packet by the file, in ms. */
  readonly firstMs: number;
}

/** What has to be added to the times of a track, in ms, so that they are those of the recording. */
export type OffsetOf = (track: BegunTrack) => number;

/** What the bytes of a file show. */
export interface FileScan {
  readonly tracks: readonly ScannedTrack[];
  readonly sizeBytes: number;
  /** Of the whole file as it is in the end. */
  readonly crc32: number;
  /** What is wrong with it as a file of its format; empty where nothing is. */
  readonly damage: readonly string[];
}

/** Reads a format, and keeps figures of what it has read. */
export interface FormatReader {
  parse: (position: () => number) => Parser;
  /** The size in bytes of what precedes all media; undefined before the first media. It may change until the end. */
  readonly headSize: number | undefined;
  readonly tracks: readonly ScannedTrack[];
  /** What does not fit together, once all was read. `head` is what precedes the media, as it is in the end. */
  check: (head: Buffer, sizeBytes: number) => string[];
}
