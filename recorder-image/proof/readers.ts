import type { FileFormat } from '../contract/formats.ts';
import type { FormatReader, OffsetOf } from './file-scan.ts';
import { FlvReader } from './flv-reader.ts';
import { Mp4Reader } from './mp4-reader.ts';
import { WebmReader } from './webm-reader.ts';

/** Reads a file of this format; of a playlist, the header and the segments of a take. */
export function readerOf(format: FileFormat, offsetOf: OffsetOf): FormatReader {
  switch (format) {
    case 'mp4':
    case 'm3u8':
      return new Mp4Reader(offsetOf);
    case 'webm':
      return new WebmReader(offsetOf);
    case 'flv':
      return new FlvReader();
  }
}
