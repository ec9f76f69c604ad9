import { succeeds } from '../run-command.ts';
import { Buildah } from './buildah.ts';
import { Docker } from './docker.ts';
import type { Base } from './table.ts';

export interface BuildOptions {
  /** The folder that holds the Dockerfile and all that it copies. */
  readonly context: string;
  readonly dockerfile?: string;
  readonly reference: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** The stage to build, when it is not the last. */
  readonly target?: string;
}

/** A program that builds ordinary Dockerfiles. */
export interface ImageBuilder {
  readonly name: 'docker' | 'buildah';
  /** The image to build on, and what tells one version of it from another; undefined: what the Dockerfile says. */
  base: (base: Base) => Promise<string | undefined>;
  has: (reference: string) => Promise<boolean>;
  build: (options: BuildOptions) => Promise<void>;
  /** Copies a file out of an image that was built. */
  extract: (reference: string, file: string, to: string) => Promise<void>;
}

/** Whether a Docker engine answers; the command alone is not enough. */
export async function hasDockerEngine(): Promise<boolean> {
  return await succeeds('docker', ['info'], { signal: AbortSignal.timeout(30_000) });
}

export async function imageBuilder(): Promise<ImageBuilder> {
  return (await hasDockerEngine()) ? new Docker() : await Buildah.open();
}
