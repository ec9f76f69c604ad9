import { startRtmpPublisher } from '../../support/media/rtmp-publisher.ts';
import type { PacketHashes } from '../../support/media/packets.ts';
import type { S3Proxy } from '../../support/proxy/s3-proxy.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Incarnations } from './incarnations.ts';
import type { JournalLink } from './journal-link.ts';
import type { Expected } from './plan.ts';
import { tagsOfTake } from './take-clips.ts';
import type { TakeClips } from './take-clips.ts';
import { TakesWatch } from './takes-watch.ts';
import type { Peaks } from './takes-watch.ts';

const TAKES = 40;

export interface TakesRun {
  readonly code: number | NodeJS.Signals;
  readonly atKill: PacketHashes;
  readonly peaks: Peaks;
}

/**
 * Changes the codec parameters again and again while S3 is away, so that takes wait for it; kills the recorder behind the
 * given one, and lets S3 come back with the next recorder, which has all of them to make up for while more come in.
 */
export async function recordTakes(scene: {
  readonly recorder: Incarnations;
  readonly s3: S3Proxy;
  readonly journal: JournalLink;
  readonly clips: TakeClips;
  readonly url: string;
  /** Takes before the kill. */
  readonly killBehind: number;
}): Promise<TakesRun> {
  const { recorder, s3, journal, clips, url, killBehind } = scene;
  let takes = 0;
  s3.setFault('refuse');
  await recorder.start();
  await recorder.listening();
  await using watch = new TakesWatch(() => recorder.child.pid);
  s3.onRequest((_, request) => watch.observe(request, takes));
  const publish = async (until: number): Promise<void> => {
    await using publisher = await startRtmpPublisher({ url });
    for (; takes < until; takes += 1) {
      await publisher.send(tagsOfTake(clips, takes));
      // Before it can have ended: the recorder removes what it has stored.
      await waitFor(async () => (await journal.hold()) > takes, {
        what: `take ${takes + 1}`,
        intervalMs: 10,
      });
    }
    await publisher.end();
  };
  await publish(killBehind);
  await recorder.kill();
  const atKill = await journal.packets();
  watch.restarted();
  s3.setFault(undefined);
  await recorder.start();
  await recorder.listening();
  await publish(TAKES);
  const code = await recorder.finish();
  return { code, atKill, peaks: watch.peaks };
}

/** What there was more of than there may be, for people. */
export function excessOf(peaks: Peaks, atMost: NonNullable<Expected['atMost']>): string[] {
  const { endedTakes, memoryBytes } = peaks;
  return [
    ...(endedTakes > atMost.endedTakesAtOnce ? [`${endedTakes} takes that had ended were sent at once`] : []),
    ...(memoryBytes > atMost.memoryBytes
      ? [`its processes had ${Math.round(memoryBytes / 1e6)} MB, and may have ${atMost.memoryBytes / 1e6}`]
      : []),
  ];
}
