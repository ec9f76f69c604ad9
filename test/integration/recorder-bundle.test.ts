import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleInto } from '../cluster/images/bundle.ts';
import { makeClip } from '../support/media/clip.ts';
import { comparePackets, packetHashes } from '../support/media/packets.ts';
import { publish } from '../support/media/publish.ts';
import { recorderPlace, startRecorder } from '../support/media/recorder-process.ts';
import { startS3 } from '../support/s3-server.ts';
import { tempDirectory } from '../support/temp-directory.ts';

it('records just the same as the bundle that the image holds', async () => {
  await using folder = await tempDirectory('bundle');
  await using s3 = await startS3();
  await s3.createBucket('recordings');
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 2 });
  const bundle = await bundleInto(join(folder.path, 'app'), 'recorder', {
    recorder: 'recorder-image/bin/recorder.ts',
  });

  const place = await recorderPlace({ folder: folder.path, s3, bucket: 'recordings' });
  await using recorder = await startRecorder(place, join(bundle, 'recorder.mjs'));
  await publish({ file: clip, url: recorder.url });
  expect(await recorder.stop()).toBe(0);
  const object = join(s3.directory, 'recordings', place.s3Key);
  expect(comparePackets(await packetHashes(clip), await packetHashes(object))).toMatchObject({ ok: true });
}, 900_000);
