import { run, succeeds } from '../run-command.ts';
import type { BuildOptions, ImageBuilder } from './builder.ts';

/** Builds images with a Docker engine, on the public base images that the Dockerfiles name. */
export class Docker implements ImageBuilder {
  readonly name = 'docker';

  base(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  has(reference: string): Promise<boolean> {
    return succeeds('docker', ['image', 'inspect', reference]);
  }

  async build(options: BuildOptions): Promise<void> {
    const { context, dockerfile = 'Dockerfile', reference, target } = options;
    const args = ['build', '--tag', reference, '--file', `${context}/${dockerfile}`];
    for (const [name, value] of Object.entries(options.arguments))
      args.push('--build-arg', `${name}=${value}`);
    if (target !== undefined) args.push('--target', target);
    await run('docker', [...args, context]);
  }

  async extract(reference: string, file: string, to: string): Promise<void> {
    // The command is never run: a container has to have one, and an image of files alone names none.
    const container = (await run('docker', ['create', reference, 'none'])).trim();
    try {
      await run('docker', ['cp', `${container}:${file}`, to]);
    } finally {
      await run('docker', ['rm', container]);
    }
  }
}
