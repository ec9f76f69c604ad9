import { join } from 'node:path';
import { bundleInto } from '../../cluster/images/bundle.ts';
import { startS3 } from '../../support/s3-server.ts';
import type { S3Server } from '../../support/s3-server.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { benchClip } from './clip.ts';
import { reflinkDisk } from './reflink-disk.ts';

const BUCKET = 'recordings';

/** What all measurements share. */
export interface World extends AsyncDisposable {
  readonly s3: S3Server;
  readonly bucket: string;
  readonly clip: string;
  /** The recorder's bundle, as its image holds it. */
  readonly program: string;
  /** Whether the S3 server has to copy an object's parts to put it together, which S3 does not. */
  readonly copyingStore: boolean;
}

export async function openWorld(): Promise<World> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await tempDirectory('bench'));
  const disk = resources.use(await reflinkDisk());
  const s3 = resources.use(await startS3(disk === undefined ? {} : { parent: disk.path }));
  await s3.createBucket(BUCKET);
  const bundle = await bundleInto(join(folder.path, 'app'), 'recorder', {
    recorder: 'recorder-image/bin/recorder.ts',
  });
  const clip = await benchClip();
  const kept = resources.move();
  return {
    s3,
    bucket: BUCKET,
    clip,
    program: join(bundle, 'recorder.mjs'),
    copyingStore: disk === undefined,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
