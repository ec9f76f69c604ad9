import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A new empty folder, removed with all it holds when it is disposed of: `await using folder = await tempDirectory()`. */
export async function tempDirectory(prefix = 'test'): Promise<TempDirectory> {
  const path = await mkdtemp(join(tmpdir(), `meetrec-${prefix}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
