import { mkdir, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** The recording's own folder: everything that a recorder that starts again needs is in there. */
export class Spool {
  readonly directory: string;

  readonly #limitBytes: number;

  /** @param options.spoolLimitBytes what the volume may take at most, where its file system would give more */
  constructor(options: {
    readonly storagePath: string;
    readonly recordingId: string;
    readonly spoolLimitBytes?: number;
  }) {
    this.directory = join(options.storagePath, options.recordingId);
    this.#limitBytes = options.spoolLimitBytes ?? Number.POSITIVE_INFINITY;
  }

  get statePath(): string {
    return join(this.directory, 'state.json');
  }

  /** The journal of a take. */
  journalPath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.flv`);
  }

  /** What is known of a take whose journal is gone. */
  releasedPath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.released.json`);
  }

  /** The file made of a take; its journal is `take-INDEX.flv` beside it. */
  outputPath(takeIndex: number, extension: string): string {
    return join(this.directory, `take-${takeIndex}${extension}`);
  }

  /**
   * An empty folder for the segments made of a take, and the earlier ones gone. Another name each time: an upload knows by
   * it what is made now from what an earlier try has left.
   */
  async segmentsFolder(takeIndex: number): Promise<string> {
    await this.#clearSegments(takeIndex);
    return await mkdtemp(join(this.directory, segmentsPrefix(takeIndex)));
  }

  /** The file made of all takes, where they fit together. */
  joinedPath(extension: string): string {
    return join(this.directory, `joined${extension}`);
  }

  /** An empty folder for what that file is made of, and an earlier one gone. */
  async joiningFolder(): Promise<string> {
    await this.clearJoining();
    await mkdir(this.joiningPath);
    return this.joiningPath;
  }

  get joiningPath(): string {
    return join(this.directory, 'joining');
  }

  async clearJoining(): Promise<void> {
    await rm(this.joiningPath, { recursive: true, force: true });
  }

  get joinedStatePath(): string {
    return join(this.directory, 'joined.upload.json');
  }

  uploadStatePath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.upload.json`);
  }

  /** What was found in the output made of a take. */
  proofPath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.proof.json`);
  }

  get joinedProofPath(): string {
    return join(this.directory, 'joined.proof.json');
  }

  journalUploadStatePath(takeIndex: number): string {
    return join(this.directory, `take-${takeIndex}.journal.upload.json`);
  }

  async create(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
  }

  /** Bytes that are left for us: by the file system, and by our limit. */
  async bytesFree(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    const free = bavail * bsize;
    if (!Number.isFinite(this.#limitBytes)) return free;
    return Math.max(0, Math.min(free, this.#limitBytes - (await this.#bytesUsed())));
  }

  async #bytesUsed(): Promise<number> {
    const names = await readdir(this.directory, { recursive: true });
    // A file that goes meanwhile takes nothing.
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(this.directory, name)).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Throws these takes away, and what was made of them; only what is known of them stays. */
  async clear(takes: readonly { readonly index: number; readonly path: string }[]): Promise<void> {
    await Promise.all([
      ...takes.map(({ path }) => rm(path, { force: true })),
      ...takes.map(({ index }) => this.#clearSegments(index)),
      ...OUTPUT_EXTENSIONS.map((extension) => rm(this.joinedPath(extension), { force: true })),
      this.clearJoining(),
      this.clearOutputs(takes),
    ]);
  }

  /** Throws the files away that were made of these takes. */
  async clearOutputs(takes: readonly { readonly index: number }[]): Promise<void> {
    const files = takes.flatMap(({ index }) =>
      OUTPUT_EXTENSIONS.map((extension) => this.outputPath(index, extension)),
    );
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }

  async #clearSegments(takeIndex: number): Promise<void> {
    const prefix = segmentsPrefix(takeIndex);
    const old = (await readdir(this.directory)).filter((name) => name.startsWith(prefix));
    // A try that was aborted may be adding to one of them.
    const thoroughly = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };
    await Promise.all(old.map((name) => rm(join(this.directory, name), thoroughly)));
  }
}

const OUTPUT_EXTENSIONS = ['.mp4', '.webm'] as const;

function segmentsPrefix(takeIndex: number): string {
  return `take-${takeIndex}-segments-`;
}
