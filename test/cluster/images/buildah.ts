import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run, succeeds } from '../run-command.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { ensurePackages } from '../toolchain/packages.ts';
import { ensureBaseImage } from './base-images.ts';
import type { BuildOptions, ImageBuilder } from './builder.ts';
import type { Base } from './table.ts';

/** Builds images without an engine, on base images made from Debian's packages. Needs root. */
export class Buildah implements ImageBuilder {
  readonly name = 'buildah';
  readonly #storage: readonly string[];

  private constructor(directory: string) {
    this.#storage = [
      '--storage-driver',
      'overlay',
      '--root',
      join(directory, 'storage'),
      '--runroot',
      join(directory, 'run'),
    ];
  }

  static async open(): Promise<Buildah> {
    await ensurePackages(['buildah', 'runc']);
    const directory = join(cacheDirectory(), 'buildah');
    await mkdir(directory, { recursive: true });
    return new Buildah(directory);
  }

  base(base: Base): Promise<string> {
    return ensureBaseImage(this, base);
  }

  has(reference: string): Promise<boolean> {
    return succeeds('buildah', [...this.#storage, 'inspect', '--type', 'image', reference]);
  }

  async build(options: BuildOptions): Promise<void> {
    const { context, dockerfile = 'Dockerfile', reference, target } = options;
    const args = [
      'bud',
      '--isolation',
      'chroot',
      '--layers',
      '--tag',
      reference,
      '--file',
      `${context}/${dockerfile}`,
    ];
    for (const [name, value] of Object.entries(options.arguments))
      args.push('--build-arg', `${name}=${value}`);
    if (target !== undefined) args.push('--target', target);
    await run('buildah', [...this.#storage, ...args, context]);
  }

  async extract(reference: string, file: string, to: string): Promise<void> {
    const container = (await this.#run('from', reference)).trim();
    try {
      const root = (await this.#run('mount', container)).trim();
      await cp(join(root, file), to);
    } finally {
      await this.#run('rm', container);
    }
  }

  /** Writes an image into a new folder: its manifest.json, and its uncompressed blobs named by their digests. */
  async writeBlobs(reference: string, directory: string): Promise<void> {
    await this.#run(
      'push',
      '--quiet',
      '--disable-compression',
      '--format',
      'oci',
      reference,
      `dir:${directory}`,
    );
  }

  /** Forgets the other images of the same repository, with the layers that nothing else uses. */
  async keepOnly(reference: string): Promise<void> {
    const kept = withRegistry(reference);
    const repository = kept.slice(0, kept.lastIndexOf(':') + 1);
    const all = await this.#run('images', '--format', '{{.Name}}:{{.Tag}}');
    const old = all.split('\n').filter((name) => name.startsWith(repository) && name !== kept);
    for (const name of old) await this.#run('rmi', name);
  }

  #run(...args: readonly string[]): Promise<string> {
    return run('buildah', [...this.#storage, ...args]);
  }
}

/** Buildah's name for an image that was built without a registry in its name. */
function withRegistry(reference: string): string {
  return reference.startsWith('localhost/') ? reference : `localhost/${reference}`;
}
