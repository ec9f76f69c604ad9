import { join } from 'node:path';
import { startChild, whileAlive } from '../../../support/child-process.ts';
import { debianFfmpegPath } from '../../../support/ffmpeg.ts';
import { freePort } from '../../../support/free-port.ts';
import type { Target } from '../target.ts';
import { listening } from './listening.ts';

const PROGRAM = join(import.meta.dirname, '../naive/cli.ts');

/** node-media-server with FFmpeg as a player of its own stream: what one would write first. */
export const naive: Target = {
  name: 'naive',
  start: async ({ folder }) => {
    const port = await freePort();
    const file = join(folder, 'recording.mp4');
    const child = await startChild({
      name: 'the naive recorder',
      command: process.execPath,
      args: [PROGRAM, String(port), await debianFfmpegPath(), file, join(folder, 'store')],
    });
    await whileAlive(child, 'the naive recorder', (signal) => listening(port, signal));
    return {
      pid: child.pid,
      url: `rtmp://127.0.0.1:${port}/live/key`,
      finish: async () => {
        const stopped = performance.now();
        process.kill(child.pid, 'SIGTERM');
        await child.exited;
        return { file, availableSeconds: (performance.now() - stopped) / 1000 };
      },
      [Symbol.asyncDispose]: child.stop,
    };
  },
};
