import { join } from 'node:path';
import { startChild, whileAlive } from '../../../support/child-process.ts';
import { debianFfmpegPath } from '../../../support/ffmpeg.ts';
import { freePort } from '../../../support/free-port.ts';
import type { Target } from '../target.ts';
import { listening } from './listening.ts';

/** `ffmpeg -listen 1 -c copy` to a fragmented MP4: takes one connection, whatever its key, and uploads nothing. */
export const ffmpegListen: Target = {
  name: 'ffmpeg-listen',
  start: async ({ folder }) => {
    const port = await freePort();
    const url = `rtmp://127.0.0.1:${port}/live/key`;
    const file = join(folder, 'recording.mp4');
    const child = await startChild({
      name: 'ffmpeg -listen',
      command: await debianFfmpegPath(),
      args: [
        ...['-nostdin', '-v', 'error', '-listen', '1', '-f', 'flv', '-i', url],
        ...['-c', 'copy', '-movflags', '+frag_keyframe+empty_moov+default_base_moof', file],
      ],
    });
    // Asked of the kernel and not by connecting: it takes the first connection for its publisher.
    await whileAlive(child, 'ffmpeg -listen', (signal) => listening(port, signal));
    return {
      pid: child.pid,
      url,
      finish: async () => {
        const stopped = performance.now();
        await child.exited;
        return { file, availableSeconds: (performance.now() - stopped) / 1000 };
      },
      [Symbol.asyncDispose]: child.stop,
    };
  },
};
