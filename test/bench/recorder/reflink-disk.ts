import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../../cluster/progress.ts';
import { run } from '../../cluster/run-command.ts';
import { ensurePackages } from '../../cluster/toolchain/packages.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** Bytes; on the disk it only takes what is written to it. */
const SIZE = '24G';

export interface ReflinkDisk extends AsyncDisposable {
  readonly path: string;
}

/**
 * A file system on which files share their blocks; undefined where it can't be had, for want of rights or of a kernel
 * that knows it. On it the S3 server puts an object together from its parts without copying them, as S3 itself does; on
 * another one it copies 2 GB when a long recording is completed, and that is what would be measured.
 */
export async function reflinkDisk(): Promise<ReflinkDisk | undefined> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await tempDirectory('disk'));
  const [image, path] = [join(folder.path, 'disk.img'), join(folder.path, 'mounted')];
  try {
    await ensurePackages(['xfsprogs', 'mount']);
    await run('truncate', ['--size', SIZE, image]);
    await run('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
    await mkdir(path);
    await run('mount', ['-o', 'loop', image, path]);
  } catch (error) {
    say(`The S3 server will copy what it puts together: ${String(error)}`);
    return undefined;
  }
  resources.defer(async () => void (await run('umount', [path])));
  const kept = resources.move();
  return { path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
