import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeClip } from '../../support/media/clip.ts';
import { packetHashes } from '../../support/media/packets.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { packetsIn } from './journal-link.ts';

it('reads the same packets from FLV as ffprobe does, and leaves out one that is cut off', async () => {
  await using folder = await tempDirectory('journal');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 1 });
  const whole = await readFile(clip);
  const packets = packetsIn(whole);
  expect(packets).toEqual(await packetHashes(clip));
  const cut = packetsIn(whole.subarray(0, whole.length / 2));
  expect(cut.video.length).toBeGreaterThan(0);
  expect(packets.video.slice(0, cut.video.length)).toEqual(cut.video);
});
