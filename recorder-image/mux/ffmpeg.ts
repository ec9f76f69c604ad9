import createCommand from 'fluent-ffmpeg';
import type { Readable } from 'node:stream';

/** FFmpeg could not be started, or ended with an error; the message has its last words. */
export class FfmpegError extends Error {
  readonly code = 'FfmpegFailed';
  override readonly name = 'FfmpegError';
}

export interface FfmpegProcess {
  /** Settles when the process is gone; rejects with {@link FfmpegError} when it did not end well. */
  readonly done: Promise<void>;
  /** Ends it at once; `done` then rejects. */
  kill: () => void;
}

export interface RemuxOptions {
  readonly ffmpegPath: string;
  /** An FLV stream; its end is the file's end. */
  readonly input: Readable;
  /** The file that is written, anew each time. */
  readonly output: string;
  readonly onLog: (line: string) => void;
}

/**
 * Starts copying an FLV stream, packet by packet, into a hybrid fragmented MP4: while it grows it is a fragmented MP4
 * that plays up to its last fragment, and at the end it becomes an ordinary one. The same input makes the same bytes.
 *
 * The only place that knows fluent-ffmpeg, which is no longer maintained.
 */
export function remuxToMp4(options: RemuxOptions): FfmpegProcess {
  return start(options, [
    ...['-map', '0:v?', '-map', '0:a?', '-c', 'copy', '-map_metadata', '-1'],
    // Also what comes before the first key frame: a player skips it, but it was published.
    ...['-copyinkf', '-copypriorss', '1'],
    ...['-fflags', '+bitexact', '-movflags', '+hybrid_fragmented+frag_keyframe'],
    // In microseconds. A fragment is what an unfinished file may lack at its end, and each one costs some bytes.
    ...['-min_frag_duration', '1000000', '-frag_duration', '5000000', '-f', 'mp4'],
  ]);
}

function start(options: RemuxOptions, outputOptions: readonly string[]): FfmpegProcess {
  const { ffmpegPath, input, output, onLog } = options;
  let killed = false;
  let lastWords = '';
  // Where it would look for presets by default depends on __dirname, which a bundled ES module has not got.
  const command = createCommand({ source: input, stdoutLines: 20, presets: 'none' })
    .setFfmpegPath(ffmpegPath)
    .inputOptions(['-hide_banner', '-nostats', '-loglevel', 'warning', '-f', 'flv'])
    .outputOptions([...outputOptions])
    .output(output)
    .on('stderr', (line: string) => {
      if (line.trim() !== '') lastWords = line.trim();
      onLog(line);
    });
  const done = new Promise<void>((resolve, reject) => {
    command.once('end', () => resolve());
    command.once('error', (error: Error) =>
      reject(new FfmpegError(`${error.message} ${lastWords}`.trim(), { cause: error })),
    );
    // It looks up the program's formats before it starts it: until then there is nothing to kill.
    command.once('start', () => {
      if (killed) command.kill('SIGKILL');
    });
  });
  command.run();
  const kill = (): void => {
    killed = true;
    command.kill('SIGKILL');
    input.destroy();
  };
  return { done, kill };
}
