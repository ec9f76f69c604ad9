import createCommand from 'fluent-ffmpeg';
import type { Readable, Writable } from 'node:stream';
import { FfmpegError, runProcess } from './ffmpeg-process.ts';
import { FfmpegSlots } from './ffmpeg-slots.ts';

export { FfmpegError };

export interface FfmpegProcess {
  /** Resolves when it begins to run, which is when there is a slot for it; never where it is killed before. */
  readonly started: Promise<void>;
  /** Settles when the process is gone; rejects with {@link FfmpegError} when it did not end well. */
  readonly done: Promise<void>;
  /** Ends it at once, also while it waits for a slot; `done` then rejects. */
  kill: () => void;
}

export interface FfmpegOptions {
  readonly ffmpegPath: string;
  /** What is read: a stream, whose end is the output's end and which is destroyed when FFmpeg is gone, or a file. */
  readonly input: Readable | string;
  /** What FFmpeg is told about the input, for example its format. */
  readonly inputOptions: readonly string[];
  /** What becomes of it: see recipes.ts. */
  readonly outputOptions: readonly string[];
  /** Further files that are read; `input` is the last one. */
  readonly moreInputs?: readonly { readonly path: string; readonly options: readonly string[] }[];
  /**
   * The file that is written, anew each time, or a stream that takes what would be in it: that ends when FFmpeg has ended
   * well, and is destroyed with the error otherwise.
   */
  readonly output: string | Writable;
  /** Whether it works on what is being recorded: it never waits for those that don't. Default: false. */
  readonly live?: boolean;
  readonly onLog: (line: string) => void;
}

/** More than it takes to copy as much as is joined or indexed again, in ms: a gibibyte from a slow disk to the same one. */
const COPY_LIMIT_MS = 600_000;

/** Of this process, which is one recorder. */
const slots = new FfmpegSlots();

/** Starts an FFmpeg as soon as there is a slot for it. */
export function startFfmpeg(options: FfmpegOptions): FfmpegProcess {
  const started = Promise.withResolvers<void>();
  const killed = new AbortController();
  const done = run(options, started.resolve, killed.signal);
  const kill = (): void => killed.abort(new FfmpegError('FFmpeg was killed by SIGKILL before it ran'));
  return { started: started.promise, done, kill };
}

/**
 * Runs an FFmpeg that copies what is there already. It is killed when the signal is aborted and when the limit is over, in
 * ms from when it began to run, for then it hangs. Throws {@link FfmpegError}.
 */
export async function copyWithFfmpeg(
  options: FfmpegOptions,
  signal: AbortSignal,
  limitMs = COPY_LIMIT_MS,
): Promise<void> {
  const { started, done, kill } = startFfmpeg(options);
  let limit: NodeJS.Timeout | undefined;
  void started.then(() => (limit = setTimeout(kill, limitMs)));
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    await done;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', kill);
  }
}

async function run(options: FfmpegOptions, onStart: () => void, killed: AbortSignal): Promise<void> {
  const { ffmpegPath: path, input, output, live = false, onLog } = options;
  const stdin = typeof input === 'string' ? undefined : input;
  const stdout = typeof output === 'string' ? undefined : output;
  // What is wrong with either of them is in the error that is thrown.
  for (const stream of [stdin, stdout]) stream?.on('error', () => undefined);
  try {
    using _slot = await slots.take({ live }, killed);
    onStart();
    await runProcess({ path, args: argumentsOf(options), stdin, stdout, onLog }, killed);
    stdout?.end();
  } catch (error) {
    stdout?.destroy(error as Error);
    throw error;
  } finally {
    stdin?.destroy();
  }
}

/**
 * The only use of fluent-ffmpeg, which is no longer maintained: it composes the arguments, and starts nothing. Each option
 * is an argument of its own: one that is given alone, or in an array, would be split where it has a space.
 */
function argumentsOf(options: FfmpegOptions): readonly string[] {
  const { input, inputOptions, moreInputs = [], outputOptions, output } = options;
  // Where it would look for presets by default depends on __dirname, which a bundled ES module has not got.
  const command = createCommand({ presets: 'none' });
  for (const more of moreInputs) command.input(more.path).inputOptions(...more.options);
  return command
    .input(typeof input === 'string' ? input : 'pipe:0')
    .inputOptions('-hide_banner', '-nostats', '-loglevel', 'warning', ...inputOptions)
    .output(typeof output === 'string' ? output : 'pipe:1')
    .outputOptions(...outputOptions)
    ._getArguments();
}
