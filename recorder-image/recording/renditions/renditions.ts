import type { RecorderConfig } from '../../config.ts';
import { hybridMp4, webm } from '../../mux/recipes.ts';
import { FileRendition } from './file-rendition.ts';
import { HlsRendition } from './hls-rendition.ts';
import type { Rendition, RenditionOptions } from './rendition.ts';

/** What RECORDING_FORMAT asks for. */
export function renditionOf(options: RenditionOptions): Rendition {
  return RENDITIONS[options.config.format](options);
}

const RENDITIONS: Readonly<Record<RecorderConfig['format'], (options: RenditionOptions) => Rendition>> = {
  mp4: (options) =>
    new FileRendition(options, { extension: '.mp4', contentType: 'video/mp4', recipe: hybridMp4 }),
  webm: (options) =>
    new FileRendition(options, {
      extension: '.webm',
      contentType: 'video/webm',
      recipe: webm(options.config.encoding),
    }),
  m3u8: (options) => new HlsRendition(options),
};
