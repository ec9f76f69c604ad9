import type { Take } from '../../journal/take.ts';
import { AudioEncoder } from '../../mux/audio-encoder.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import { joinedSource } from '../../mux/joined-source.ts';
import { streamedFile, writeHybridFile } from '../../mux/mp4/hybrid-file.ts';
import { mp4Pieces } from '../../mux/mp4/mp4-pieces.ts';
import { OutputFile } from '../../mux/output-file.ts';
import type { PacketSource } from '../../mux/packet-source.ts';
import { takeSource } from '../../mux/take-source.ts';
import type { TakeSourceOptions } from '../../mux/take-source.ts';
import type { FileKind } from './file-kind.ts';
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
  joint: {
    // From the journals: the file is as large as those together.
    room: 1.1,
    plan: async (options, { takes }, signal) => {
      const source = await joinedSource(takes, sourceOptions(options), signal);
      return source && ((path) => writeMp4(source, path));
    },
  },
};

/** How the tracks of a recording are read from its journal, by the format that was asked for. */
export function sourceOptions({ config, log }: RenditionOptions): TakeSourceOptions {
  const { format, ffmpegPath } = config;
  const onLog = (line: string): void => log.debug({ line }, 'FFmpeg says');
  return {
    format,
    encoderOf: (track, live) => new AudioEncoder({ config: track, ffmpegPath, startFfmpeg, live, onLog }),
  };
}

async function* streamTake(
  take: Take,
  options: RenditionOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  yield* streamedFile(mp4Pieces(await takeSource(take, sourceOptions(options), signal)));
}

async function writeMp4(source: PacketSource, path: string): Promise<void> {
  await using file = await OutputFile.create(path);
  await writeHybridFile(mp4Pieces(source), file);
}
