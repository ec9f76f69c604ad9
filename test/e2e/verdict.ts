import { expect } from 'vitest';
import type { KubernetesObject } from '../install/kubectl.ts';
import type { Workbench } from '../install/workbench.ts';
import { debianFfmpegPath } from '../support/ffmpeg.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { expectPlayable } from '../support/media/plays.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * Every packet that was published is in the recording, in order, and nothing else is; and the recording plays. With
 * `cutOff` the publisher was stopped in the middle: then the recording is an unbroken start of what it had.
 */
export async function expectEveryPacket(
  published: string,
  recorded: string,
  { cutOff = false }: { cutOff?: boolean } = {},
): Promise<void> {
  const [sent, kept] = await Promise.all([packetHashes(published), packetHashes(recorded)]);
  expect(kept.video.length).toBeGreaterThan(0);
  expect(kept.audio.length).toBeGreaterThan(0);
  const expected = cutOff
    ? { video: sent.video.slice(0, kept.video.length), audio: sent.audio.slice(0, kept.audio.length) }
    : sent;
  expect(comparePackets(expected, kept)).toMatchObject({ ok: true });
  await expectPlayable(recorded, await debianFfmpegPath());
}

/** No pod of the recording, and no converter that pushes to it, is left. */
export async function expectNothingLeft(workbench: Workbench, recording: string): Promise<void> {
  await waitFor(
    async () => {
      const pods = await workbench.kubectl.list<KubernetesObject>(
        'pods',
        `meetrec.dev/recording=${recording}`,
      );
      return pods.length === 0;
    },
    { what: `the pods of ${recording} to be gone` },
  );
}
