import type { Take } from '../../journal/take.ts';
import { streamedFile } from '../../mux/mp4/hybrid-file.ts';
import { mp4Pieces } from '../../mux/mp4/mp4-pieces.ts';
import { takeSource } from '../../mux/take-source.ts';
import type { FileKind } from './file-kind.ts';
import { joinMp4 } from './join-mp4.ts';
import { sourceOptions, writeMp4 } from './mp4-source.ts';
import type { RenditionOptions } from './rendition.ts';

/** Muxed in this process: tracks that MP4 can hold as they were published, others as AAC. */
export const mp4Kind: FileKind = {
  format: 'mp4',
  of: (take, options) => ({
    write: async ({ path, prepare }, signal) => {
      const source = await takeSource(take, sourceOptions(options), signal);
      await prepare();
      await writeMp4(source, path);
    },
    stream: (signal) => {
      const chunks = streamTake(take, options, signal);
      // Whoever takes the chunks is told of a failure.
      return {
        chunks,
        whole: Promise.resolve(),
        close: async () => {
          await chunks.return();
        },
      };
    },
  }),
  joint: joinMp4,
};

async function* streamTake(
  take: Take,
  options: RenditionOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  yield* streamedFile(mp4Pieces(await takeSource(take, sourceOptions(options), signal)));
}
