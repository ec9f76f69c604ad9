import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError } from '../cluster-error.ts';
import { checkout } from './build-context.ts';
import { englishOnly, ownSourceMapOnly, withoutSideEffects } from './bundle-plugins.ts';

/** What each image runs: the programs' sources by the name of the bundle that they become. */
const bundles = {
  operator: { controller: 'operator/bin/controller.ts', api: 'operator/bin/api.ts' },
  recorder: {
    recorder: 'recorder-image/bin/recorder.ts',
    salvage: 'recorder-image/bin/salvage.ts',
    verify: 'recorder-image/bin/verify.ts',
  },
  'agora-simulator': { 'agora-simulator': 'test/agora-simulator/bin/agora-simulator.ts' },
} as const satisfies Record<string, Record<string, string>>;

export type BundleName = keyof typeof bundles;

export const bundleNames = Object.keys(bundles) as BundleName[];

/** Programs of which many run at a time: V8 keeps the source that it was given, and 2 MB of it are names and spaces. */
const MINIFIED = new Set(['recorder']);

/** CommonJS packages inside an ES module look for `require`, which an ES module has not got. */
const REQUIRE_FOR_COMMONJS = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/** Bundles an image's programs, each into one file, and returns their folder: `out/bundle/NAME`. */
export async function bundle(name: BundleName): Promise<string> {
  return await bundleInto(join(checkout, 'out', 'bundle', name), name, bundles[name]);
}

/** Bundles `entryPoints` (paths in the checkout by bundle name) into `directory`, which is emptied first. */
export async function bundleInto(
  directory: string,
  name: string,
  entryPoints: Readonly<Record<string, string>>,
): Promise<string> {
  for (const source of Object.values(entryPoints)) {
    if (!existsSync(join(checkout, source))) {
      throw new ClusterError(`the program ${source} of the image ${name} does not exist`);
    }
  }
  await rm(directory, { recursive: true, force: true });
  await build({
    absWorkingDir: checkout,
    entryPoints: { ...entryPoints },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Programs of one image share what they have in common.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node26',
    banner: { js: REQUIRE_FOR_COMMONJS },
    // Stack traces name the sources; the sources themselves are not needed for that.
    sourcemap: true,
    sourcesContent: false,
    keepNames: true,
    plugins: [englishOnly, withoutSideEffects, ownSourceMapOnly],
    minify: MINIFIED.has(name),
    logLevel: 'warning',
  });
  return directory;
}
