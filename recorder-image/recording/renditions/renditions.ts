import type { RecorderConfig } from '../../config.ts';
import { hybridMp4, streamedMp4, webm } from '../../mux/recipes.ts';
import { FileRendition } from './file-rendition.ts';
import { HlsRendition } from './hls-rendition.ts';
import { joinMp4 } from './join-mp4.ts';
import { joinWebm } from './join-webm.ts';
import type { Rendition, RenditionOptions } from './rendition.ts';

/** What RECORDING_FORMAT asks for. */
export function renditionOf(options: RenditionOptions): Rendition {
  return RENDITIONS[options.config.format](options);
}

const RENDITIONS: Readonly<Record<RecorderConfig['format'], (options: RenditionOptions) => Rendition>> = {
  mp4: (options) =>
    new FileRendition(options, {
      extension: '.mp4',
      contentType: 'video/mp4',
      recipe: hybridMp4,
      streamRecipe: streamedMp4,
      joint: joinMp4,
    }),
  webm: (options) => {
    const recipe = webm(options.config.encoding);
    return new FileRendition(options, {
      extension: '.webm',
      contentType: 'video/webm',
      recipe,
      streamRecipe: recipe,
      joint: joinWebm,
    });
  },
  m3u8: (options) => new HlsRendition(options),
};
