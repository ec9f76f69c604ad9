import type { FileFormat } from '../contract/formats.ts';
import type { FormatReader, OffsetOf } from './file-scan.ts';
import { FlvReader } from './flv-reader.ts';
import { Mp4Reader } from './mp4-reader.ts';
import { WebmReader } from './webm-reader.ts';

const READERS: Readonly<Record<FileFormat, (offsetOf: OffsetOf) => FormatReader>> = {
  mp4: (offsetOf) => new Mp4Reader(offsetOf),
  m3u8: (offsetOf) => new Mp4Reader(offsetOf),
  webm: (offsetOf) => new WebmReader(offsetOf),
  flv: () => new FlvReader(),
};

/** Reads a file of this format; of a playlist, the header and the segments of a take. */
export function readerOf(format: FileFormat, offsetOf: OffsetOf): FormatReader {
  return READERS[format](offsetOf);
}
