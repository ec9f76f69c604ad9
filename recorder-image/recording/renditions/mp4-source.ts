import { AudioEncoder } from '../../mux/audio-encoder.ts';
import { startFfmpeg } from '../../mux/ffmpeg.ts';
import { writeHybridFile } from '../../mux/mp4/hybrid-file.ts';
import { mp4Pieces } from '../../mux/mp4/mp4-pieces.ts';
import { OutputFile } from '../../mux/output-file.ts';
import type { PacketSource } from '../../mux/packet-source.ts';
import type { TakeSourceOptions } from '../../mux/take-source.ts';
import type { RenditionOptions } from './rendition.ts';

/** How the tracks of a recording are read from its journal, by the format that was asked for. */
export function sourceOptions({ config, log }: RenditionOptions): TakeSourceOptions {
  const { format, ffmpegPath } = config;
  const onLog = (line: string): void => log.debug({ line }, 'FFmpeg says');
  return {
    format,
    encoderOf: (track, live) => new AudioEncoder({ config: track, ffmpegPath, startFfmpeg, live, onLog }),
  };
}

export async function writeMp4(source: PacketSource, path: string): Promise<void> {
  await using file = await OutputFile.create(path);
  await writeHybridFile(mp4Pieces(source), file);
}
