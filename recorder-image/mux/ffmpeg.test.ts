import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { copyWithFfmpeg, FfmpegError } from './ffmpeg.ts';

it('is killed when it takes longer than it may', async () => {
  await using folder = await tempDirectory('ffmpeg');
  // Opening a pipe into which nobody writes takes for ever.
  const pipe = join(folder.path, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const options = {
    ffmpegPath: 'ffmpeg',
    input: pipe,
    inputOptions: ['-f', 'flv'],
    outputOptions: ['-c', 'copy'],
    output: join(folder.path, 'out.mp4'),
    onLog: () => undefined,
  };
  const done = copyWithFfmpeg(options, new AbortController().signal, 300);
  await expect(done).rejects.toThrow(FfmpegError);
  await expect(done).rejects.toThrow('SIGKILL');
});
