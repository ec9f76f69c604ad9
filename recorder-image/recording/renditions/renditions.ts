import type { RecorderConfig } from '../../config.ts';
import { FileRendition } from './file-rendition.ts';
import { HlsRendition } from './hls-rendition.ts';
import { mp4Kind } from './mp4-kind.ts';
import type { Rendition, RenditionOptions } from './rendition.ts';
import { webmKind } from './webm-kind.ts';

/** What RECORDING_FORMAT asks for. */
export function renditionOf(options: RenditionOptions): Rendition {
  return RENDITIONS[options.config.format](options);
}

const RENDITIONS: Readonly<Record<RecorderConfig['format'], (options: RenditionOptions) => Rendition>> = {
  mp4: (options) => new FileRendition(options, mp4Kind),
  webm: (options) => new FileRendition(options, webmKind),
  m3u8: (options) => new HlsRendition(options),
};
