import { join } from 'node:path';
import { bundleInto } from '../../cluster/images/bundle.ts';
import { startS3 } from '../../support/s3-server.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { makeCodecClips } from './codec-clips.ts';
import { makeClips } from './media.ts';
import type { CellWorld } from './cell-world.ts';
import { makeTakeClips } from './take-clips.ts';

const BUCKET = 'recordings';

/** A real S3 server, clips, and the recorder's bundle as its image holds it. */
export async function openChaosWorld(): Promise<CellWorld & AsyncDisposable> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await tempDirectory('chaos-world'));
  const s3 = resources.use(await startS3());
  await s3.createBucket(BUCKET);
  const bundle = await bundleInto(join(folder.path, 'app'), 'recorder', {
    recorder: 'recorder-image/bin/recorder.ts',
  });
  const clips = { ...(await makeClips(folder.path)), ...(await makeCodecClips(folder.path)) };
  const takeClips = await makeTakeClips(folder.path);
  const kept = resources.move();
  return {
    s3,
    bucket: BUCKET,
    clips,
    takeClips,
    program: join(bundle, 'recorder.mjs'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
