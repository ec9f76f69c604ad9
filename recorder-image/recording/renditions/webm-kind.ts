import type { EncodeTakeOptions } from '../../mux/encode-take.ts';
import { encodeTake, streamEncodedTake } from '../../mux/encode-take.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import { webm } from '../../mux/recipes.ts';
import type { Take } from '../../journal/take.ts';
import { sizeOf } from '../../upload/file-uploader.ts';
import type { FileKind } from './file-kind.ts';
import { joinWebm } from './join-webm.ts';
import type { RenditionOptions } from './rendition.ts';

/** Encoded by FFmpeg. */
export const webmKind: FileKind = {
  format: 'webm',
  of: (take, options) => {
    const encoding = encodingOf(take, options);
    return {
      write: ({ path, prepare }, signal) =>
        encodeTake(encoding, { path, prepare, size: () => sizeOf(path) }, signal),
      stream: (signal) => streamEncodedTake(encoding, signal),
    };
  },
  joint: joinWebm,
};

function encodingOf(take: Take, { config, log }: RenditionOptions): EncodeTakeOptions {
  const { encoding, ffmpegPath } = config;
  return { take, recipe: webm(encoding), ffmpegPath, startFfmpeg, log };
}
