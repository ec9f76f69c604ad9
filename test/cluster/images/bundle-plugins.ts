import type { Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Packages whose modules do nothing by being imported, though their package.json does not say so. */
const WITHOUT_SIDE_EFFECTS = /[\\/]node_modules[\\/](@kubernetes[\\/]client-node|zod)[\\/]/;
const ALREADY_RESOLVED = Symbol('already resolved');

/**
 * Leaves out what is not used of packages that would otherwise come whole: of @kubernetes/client-node, its thousand
 * generated models cost a process 13 MB for nothing.
 */
export const withoutSideEffects: Plugin = {
  name: 'without-side-effects',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (kind !== 'import-statement' || pluginData === ALREADY_RESOLVED) return undefined;
      const resolved = await build.resolve(path, {
        importer,
        resolveDir,
        kind,
        pluginData: ALREADY_RESOLVED,
      });
      return WITHOUT_SIDE_EFFECTS.test(resolved.path) ? { ...resolved, sideEffects: false } : undefined;
    });
  },
};

const ZOD_LOCALES = /[\\/]node_modules[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/;

/** Leaves out the fifty languages beside English that zod has its messages in: a quarter of a megabyte of source. */
export const englishOnly: Plugin = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: ZOD_LOCALES }, ({ path }) => ({
      contents: `export { default as en } from './en.js';`,
      resolveDir: dirname(path),
    }));
  },
};

/** A source map that says no more than that it is a package's: esbuild passes over one without any mapping. */
const NO_MAP = Buffer.from(
  JSON.stringify({ version: 3, sources: ['package'], sourcesContent: [''], mappings: 'AAAA' }),
).toString('base64');

/**
 * Keeps packages out of the source map. Node reads the map of a whole bundle with the first stack trace and never lets
 * go of it: with the packages in it, that costs a process 80 MB.
 */
export const ownSourceMapOnly: Plugin = {
  name: 'own-source-map-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({
      contents: `${await readFile(path, 'utf8')}\n//# sourceMappingURL=data:application/json;base64,${NO_MAP}`,
      loader: 'default',
    }));
  },
};
