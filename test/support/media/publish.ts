import { startChild } from '../child-process.ts';
import type { Child } from '../child-process.ts';
import { debianFfmpegPath } from '../ffmpeg.ts';

export interface PublishOptions {
  /** A media file; its packets are sent as they are. */
  readonly file: string;
  /** rtmp://HOST:PORT/live/KEY */
  readonly url: string;
  /** At the speed at which a live source would send it; otherwise as fast as it goes. */
  readonly realTime?: boolean;
  /** So many times faster than real time. */
  readonly speed?: number;
  /** Starts again from the beginning when the file is over, for ever. */
  readonly loop?: boolean;
}

/** Starts a real publisher: FFmpeg, pushing a file over RTMP. Its exit code is 0 when the server took all of it. */
export async function startPublishing(options: PublishOptions): Promise<Child> {
  const { file, url, realTime, speed = realTime === true ? 1 : undefined, loop } = options;
  const pace = speed === undefined ? [] : ['-readrate', String(speed)];
  const times = loop === true ? ['-stream_loop', '-1'] : [];
  return await startChild({
    name: 'publisher',
    command: await debianFfmpegPath(),
    args: ['-nostdin', '-v', 'warning', ...pace, ...times, '-i', file, '-c', 'copy', '-f', 'flv', url],
  });
}

/** Pushes the whole file and returns when the publisher has ended. Throws when the server did not take all of it. */
export async function publish(options: PublishOptions): Promise<void> {
  await using publisher = await startPublishing(options);
  const code = await publisher.exited;
  if (code !== 0) throw new Error(`the publisher ended with ${code}: ${publisher.output().slice(-1000)}`);
}
