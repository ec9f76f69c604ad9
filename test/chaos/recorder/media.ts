import { join } from 'node:path';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import { makeClip } from '../../support/media/clip.ts';
import { packetHashes } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';

/** How many times faster than real time it is pushed: a push then takes about a second. */
const SPEED = 8;
const SECONDS = 6;

export interface Clip {
  readonly path: string;
  readonly packets: PacketHashes;
}

export interface Clips {
  readonly small: Clip;
  /** Some 15 MB: its recording is uploaded in several parts. */
  readonly large: Clip;
}

export async function makeClips(folder: string): Promise<Clips> {
  const clip = async (name: string, bitrateKbps?: number): Promise<Clip> => {
    const rate = bitrateKbps === undefined ? {} : { bitrateKbps };
    const path = await makeClip(join(folder, name), { seconds: SECONDS, ...rate });
    return { path, packets: await packetHashes(path) };
  };
  return { small: await clip('small.flv'), large: await clip('large.flv', 20_000) };
}

/** Starts a publisher that pushes the clip once. */
export async function push(clip: Clip, url: string): Promise<Child> {
  return await startChild({
    name: 'publisher',
    command: await debianFfmpegPath(),
    args: [
      ...['-nostdin', '-v', 'warning', '-readrate', String(SPEED), '-i', clip.path],
      ...['-rw_timeout', '20000000', '-c', 'copy', '-f', 'flv', url],
    ],
  });
}
