import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { say, secondsSince } from '../progress.ts';
import { run } from '../run-command.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { ensurePackages } from '../toolchain/packages.ts';
import { checkout } from './build-context.ts';
import type { ImageBuilder } from './builder.ts';
import { contentHash } from './content-hash.ts';
import type { Base } from './table.ts';

const SUITE = 'trixie';

/** What Node needs of Debian beyond the smallest root: the public Node image has them too. */
const PACKAGES = ['libatomic1', 'libstdc++6'];

/** What the public slim image leaves out, and what only the installation needed. */
const DROPPED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
];

const recipes = join(import.meta.dirname, 'base');

/**
 * The reference of an image made here that stands in for a public one, made first when it is missing. The tag is the
 * hash of what it is made from. Needs root and takes minutes the first time.
 */
export async function ensureBaseImage(builder: ImageBuilder, base: Base): Promise<string> {
  return base === 'debian' ? await ensureDebian(builder) : await ensureNode(builder);
}

async function ensureDebian(builder: ImageBuilder): Promise<string> {
  const facts = { suite: SUITE, packages: PACKAGES.join(' '), dropped: DROPPED.join(' ') };
  const hash = await contentHash([join(recipes, 'debian.Dockerfile')], facts);
  const reference = `localhost/meetrec-base/debian:${hash}`;
  if (await builder.has(reference)) return reference;
  const archive = await ensureRootArchive(hash);
  await buildFrom(builder, reference, 'debian.Dockerfile', { 'rootfs.tar': archive }, {});
  return reference;
}

async function ensureNode(builder: ImageBuilder): Promise<string> {
  const debian = await ensureDebian(builder);
  const facts = { debian, node: process.version };
  const hash = await contentHash([join(recipes, 'node.Dockerfile')], facts);
  const reference = `localhost/meetrec-base/node:${hash}`;
  if (await builder.has(reference)) return reference;
  await buildFrom(builder, reference, 'node.Dockerfile', { node: nodeProgram() }, { BASE_IMAGE: debian });
  return reference;
}

/** The Node of the npm package `node`, which needs no libraries beyond {@link PACKAGES}. */
function nodeProgram(): string {
  const fromPackage = join(checkout, 'node_modules', 'node', 'bin', 'node');
  return existsSync(fromPackage) ? fromPackage : process.execPath;
}

async function buildFrom(
  builder: ImageBuilder,
  reference: string,
  recipe: string,
  files: Readonly<Record<string, string>>,
  buildArguments: Readonly<Record<string, string>>,
): Promise<void> {
  say(`Building the base image ${reference} …`);
  const context = await mkdtemp(join(cacheDirectory(), 'base-'));
  try {
    await cp(join(recipes, recipe), join(context, 'Dockerfile'));
    for (const [name, file] of Object.entries(files)) await cp(file, join(context, name));
    await builder.build({ context, reference, arguments: buildArguments });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** The path of an archive of Debian's root file system, made from Debian's packages when the cache has not got it. */
async function ensureRootArchive(hash: string): Promise<string> {
  const directory = join(cacheDirectory(), 'base');
  const archive = join(directory, `debian-${SUITE}-${hash}.tar`);
  if (existsSync(archive)) return archive;
  await ensurePackages(['debootstrap']);
  say(`Making a root file system of Debian ${SUITE} …`);
  const started = performance.now();
  await mkdir(directory, { recursive: true });
  const root = await mkdtemp(join(directory, 'root-'));
  try {
    await chmod(root, 0o755);
    await run('debootstrap', ['--variant=minbase', `--include=${PACKAGES.join(',')}`, SUITE, root]);
    for (const path of DROPPED) await rm(join(root, path), { recursive: true, force: true });
    for (const path of ['var/cache/apt', 'var/lib/apt/lists', 'var/log'])
      await mkdir(join(root, path), { recursive: true });
    await run('tar', [
      '--numeric-owner',
      '-C',
      root,
      '-cf',
      `${archive}.unfinished`,
      '--exclude=./dev/*',
      '.',
    ]);
    await rename(`${archive}.unfinished`, archive);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  say(`Made the root file system in ${secondsSince(started)} s, kept in ${archive}`);
  return archive;
}
