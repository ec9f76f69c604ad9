import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** The recording's own folder: everything that a recorder that starts again needs is in there. */
export class Spool {
  readonly directory: string;

  constructor(options: { readonly storagePath: string; readonly recordingId: string }) {
    this.directory = join(options.storagePath, options.recordingId);
  }

  get statePath(): string {
    return join(this.directory, 'state.json');
  }

  /** The file made of a take; its journal is `take-INDEX.flv` beside it. */
  outputPath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.mp4`);
  }

  uploadStatePath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.upload.json`);
  }

  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /** Bytes that the file system has left for us. */
  async bytesFree(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }

  /** Throws these takes away, and the files made of them; only what is known of them stays. */
  async clear(takes: readonly { readonly index: number; readonly path: string }[]): Promise<void> {
    const files = takes.flatMap(({ index, path }) => [path, this.outputPath(index)]);
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }
}
