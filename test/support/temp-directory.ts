import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A new empty folder, in the system's own unless told, removed with all it holds when it is disposed of: `await using folder = await tempDirectory()`. */
export async function tempDirectory(prefix = 'test', parent = tmpdir()): Promise<TempDirectory> {
  const path = await mkdtemp(join(parent, `meetrec-${prefix}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
