import type { FileFormat } from '../contract/formats.ts';
import type { FormatReader } from './file-scan.ts';
import { FlvReader } from './flv-reader.ts';
import { Mp4Reader } from './mp4-reader.ts';
import { WebmReader } from './webm-reader.ts';

/** Reads a file of this format; of a playlist, the header and the segments of a take. `offsetMs` is added to its times. */
export function readerOf(format: FileFormat, options: { readonly offsetMs: number }): FormatReader {
  switch (format) {
    case 'mp4':
    case 'm3u8':
      return new Mp4Reader(options);
    case 'webm':
      return new WebmReader(options);
    case 'flv':
      return new FlvReader();
  }
}
