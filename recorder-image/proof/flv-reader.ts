import type { CodecName } from '../contract/codecs.ts';
import { FILE_HEADER_SIZE, isFileHeader, readTagHeader, TAG_HEADER_SIZE } from '../journal/flv.ts';
import { Ledger } from '../media/ledger.ts';
import { readMessage } from '../media/flv-packets.ts';
import { kindOf } from '../media/track.ts';
import type { FormatReader, ScannedTrack } from './file-scan.ts';
import { ScanError } from './push-parser.ts';
import type { Parser } from './push-parser.ts';

const TRAILER_BYTES = 4;

/** Reads FLV as the journal has it, whose times are those of the recording. */
export class FlvReader implements FormatReader {
  readonly #ledger = new Ledger();
  readonly headSize = FILE_HEADER_SIZE;

  get tracks(): readonly ScannedTrack[] {
    return this.#ledger.tracks.map(({ track, codec, ...figures }) => ({
      kind: kindOf(track),
      codec: codec satisfies CodecName,
      endMs: figures.lastMs,
      offsetMs: 0,
      ...figures,
    }));
  }

  *parse(position: () => number): Parser {
    if (!isFileHeader(yield { take: FILE_HEADER_SIZE })) throw new ScanError('no FLV', 0);
    while (true) {
      const start = position();
      const header = readTagHeader(yield { take: TAG_HEADER_SIZE, mayEnd: true }, 0);
      if (header === undefined) throw new ScanError('a tag of no track', start);
      const { track: kind, timestampMs, payloadSize } = header;
      this.#ledger.addAll(readMessage({ kind, timestampMs, payload: yield { take: payloadSize } }).packets);
      const size = (yield { take: TRAILER_BYTES }).readUInt32BE(0);
      if (size !== TAG_HEADER_SIZE + payloadSize) throw new ScanError('a tag of another size', start);
    }
  }

  check(): string[] {
    return [];
  }
}
