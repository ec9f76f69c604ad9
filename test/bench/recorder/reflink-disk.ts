import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../cluster/run-command.ts';
import { ensurePackages } from '../../cluster/toolchain/packages.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** Bytes; on the disk it only takes what is written to it. */
const SIZE = '24G';

export interface ReflinkDisk extends AsyncDisposable {
  readonly path: string;
}

/**
 * A file system on which files share their blocks. On it the S3 server puts an object together from its parts without
 * copying them, as S3 itself does; on another one it copies 2 GB when a long recording is completed, and that is what
 * would be measured. Needs root.
 */
export async function reflinkDisk(): Promise<ReflinkDisk> {
  await ensurePackages(['xfsprogs', 'mount']);
  const folder = await tempDirectory('disk');
  const [image, path] = [join(folder.path, 'disk.img'), join(folder.path, 'mounted')];
  await run('truncate', ['--size', SIZE, image]);
  await run('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
  await mkdir(path);
  await run('mount', ['-o', 'loop', image, path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run('umount', [path]);
      await rm(folder.path, { recursive: true, force: true });
    },
  };
}
