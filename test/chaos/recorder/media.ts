import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { debianFfmpegPath } from '../../support/ffmpeg.ts';
import { startChild } from '../../support/child-process.ts';
import type { Child } from '../../support/child-process.ts';
import type { Tag } from '../../../recorder-image/journal/flv.ts';
import { makeClip } from '../../support/media/clip.ts';
import { packetHashes } from '../../support/media/packets.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import { startRtmpPublisher } from '../../support/media/rtmp-publisher.ts';

/** How many times faster than real time it is pushed: a push then takes about a second. */
const SPEED = 8;
const SECONDS = 6;

/** Pushed by FFmpeg where it is a file, and as it is where it is messages, which FFmpeg would make others of. */
export interface Clip {
  readonly media: string | readonly Tag[];
  readonly packets: PacketHashes;
  /** Of each audio packet, where no format keeps its codec: it is encoded. */
  readonly encodedAudioPacketSeconds?: number;
}

export interface Clips {
  readonly small: Clip;
  /** Some 15 MB: its recording is uploaded in several parts. */
  readonly large: Clip;
}

export type Publisher = Pick<Child, 'exited' | 'output'> & AsyncDisposable;

export async function makeClips(folder: string): Promise<Clips> {
  const clip = async (name: string, bitrateKbps?: number): Promise<Clip> => {
    const rate = bitrateKbps === undefined ? {} : { bitrateKbps };
    const media = await makeClip(join(folder, name), { seconds: SECONDS, ...rate });
    return { media, packets: await packetHashes(media) };
  };
  return { small: await clip('small.flv'), large: await clip('large.flv', 20_000) };
}

/** Starts a publisher that pushes the clip once. */
export async function push({ media }: Clip, url: string): Promise<Publisher> {
  if (typeof media !== 'string') return pushMessages(media, url);
  return await startChild({
    name: 'publisher',
    command: await debianFfmpegPath(),
    args: [
      ...['-nostdin', '-v', 'warning', '-readrate', String(SPEED), '-i', media],
      ...['-rw_timeout', '20000000', '-c', 'copy', '-f', 'flv', url],
    ],
  });
}

function pushMessages(tags: readonly Tag[], url: string): Publisher {
  const stop = new AbortController();
  const sent = sendPaced(tags, url, stop.signal);
  let said = '';
  const exited = sent.then(
    () => 0,
    (error: unknown) => {
      said = String(error);
      return 1;
    },
  );
  return {
    exited,
    output: () => said,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await exited;
    },
  };
}

/** A tenth of a second of media at a time. Throws when it is cut off. */
async function sendPaced(tags: readonly Tag[], url: string, signal: AbortSignal): Promise<void> {
  await using publisher = await startRtmpPublisher({ url });
  const slices = Map.groupBy(tags, ({ timestampMs }) => Math.floor(timestampMs / 100));
  for (const slice of slices.values()) {
    await publisher.send(slice);
    await sleep(100 / SPEED, undefined, { signal });
  }
  await publisher.end();
}
