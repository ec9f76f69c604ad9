import createCommand from 'fluent-ffmpeg';
import type { Readable, Writable } from 'node:stream';

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

export interface FfmpegOptions {
  readonly ffmpegPath: string;
  /** What is read: a stream, whose end is the output's end, or a file. */
  readonly input: Readable | string;
  /** What FFmpeg is told about the input, for example its format. */
  readonly inputOptions: readonly string[];
  /** What becomes of it: see recipes.ts. */
  readonly outputOptions: readonly string[];
  /** Further files that are read; `input` is the last one. */
  readonly moreInputs?: readonly { readonly path: string; readonly options: readonly string[] }[];
  /** The file that is written, anew each time, or a stream that takes what would be in it. */
  readonly output: string | Writable;
  readonly onLog: (line: string) => void;
}

/** More than it takes to copy as much as is joined or indexed again, in ms: a gibibyte from a slow disk to the same one. */
const COPY_LIMIT_MS = 600_000;

/** Starts an FFmpeg. The only place that knows fluent-ffmpeg, which is no longer maintained. */
export function startFfmpeg(options: FfmpegOptions): FfmpegProcess {
  const { ffmpegPath, input, inputOptions, moreInputs = [], outputOptions, output, onLog } = options;
  let killed = false;
  let lastWords = '';
  // Where it would look for presets by default depends on __dirname, which a bundled ES module has not got.
  const command = createCommand({ stdoutLines: 20, presets: 'none' }).setFfmpegPath(ffmpegPath);
  for (const more of moreInputs) command.input(more.path).inputOptions([...more.options]);
  command
    .input(input)
    .inputOptions(['-hide_banner', '-nostats', '-loglevel', 'warning', ...inputOptions])
    .output(output)
    .outputOptions([...outputOptions])
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
    if (typeof input !== 'string') input.destroy();
  };
  return { done, kill };
}

/**
 * Runs an FFmpeg that copies what is there already. It is killed when the signal is aborted and when the limit is over, in
 * ms, for then it hangs. Throws {@link FfmpegError}.
 */
export async function copyWithFfmpeg(
  options: FfmpegOptions,
  signal: AbortSignal,
  limitMs = COPY_LIMIT_MS,
): Promise<void> {
  const { done, kill } = startFfmpeg(options);
  const limit = setTimeout(kill, limitMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    await done;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', kill);
  }
}
