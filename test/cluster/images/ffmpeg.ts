import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { say, secondsSince } from '../progress.ts';
import { cacheDirectory } from '../toolchain/cache-directory.ts';
import { assembleContext, checkout } from './build-context.ts';
import { Buildah } from './buildah.ts';
import { imageBuilder } from './builder.ts';
import { contentHash } from './content-hash.ts';
import { resolveBases, withImagesLock } from './ensure-image.ts';
import type { Image } from './table.ts';

/** Paths of the recorder's own FFmpeg, which runs on this machine too: it is linked statically. */
export interface Ffmpeg {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

/** The stage of the recorder's Dockerfile that holds nothing but /ffmpeg and /ffprobe. */
const FFMPEG_STAGE = 'ffmpeg';

const FFMPEG_SOURCES = 'recorder-image/ffmpeg';

const ffmpegImage: Image = {
  name: 'ffmpeg',
  repository: 'localhost/meetrec/ffmpeg',
  dockerfile: 'recorder-image/Dockerfile',
  ingredients: [{ path: FFMPEG_SOURCES }],
  bases: { BASE_IMAGE: 'node', BUILD_IMAGE: 'debian' },
};

/**
 * The FFmpeg of the recorder's image, built by the same stage of its Dockerfile, so that the image finds the layer
 * done. Takes minutes the first time. Throws CommandError when the build fails.
 */
export async function ensureFfmpeg(): Promise<Ffmpeg> {
  const dockerfile = await readFile(join(checkout, ffmpegImage.dockerfile), 'utf8');
  const hash = await contentHash([join(checkout, FFMPEG_SOURCES)], { stages: ffmpegStages(dockerfile) });
  const directory = join(cacheDirectory(), 'bin', `ffmpeg-${hash}`);
  if (!existsSync(directory)) {
    await withImagesLock(async () => {
      if (!existsSync(directory)) await buildInto(directory, hash);
    });
  }
  return { ffmpeg: join(directory, 'ffmpeg'), ffprobe: join(directory, 'ffprobe') };
}

/** What of the Dockerfile makes a difference to FFmpeg: the instructions before its own last image is begun. */
export function ffmpegStages(dockerfile: string): string {
  const instructions = dockerfile.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const last = instructions.findLastIndex((line) => line.startsWith('FROM '));
  return instructions.slice(0, last).join('\n');
}

async function buildInto(directory: string, hash: string): Promise<void> {
  say("Building the recorder's FFmpeg from Debian's source …");
  const started = performance.now();
  const context = await assembleContext(ffmpegImage);
  const builder = await imageBuilder();
  const reference = `${ffmpegImage.repository}:${hash}`;
  const buildArguments = await resolveBases(ffmpegImage, builder);
  await builder.build({ context, reference, arguments: buildArguments, target: FFMPEG_STAGE });
  if (builder instanceof Buildah) await builder.keepOnly(reference);

  await mkdir(join(directory, '..'), { recursive: true });
  const unfinished = await mkdtemp(`${directory}.unfinished-`);
  try {
    for (const program of ['ffmpeg', 'ffprobe']) {
      await builder.extract(reference, `/${program}`, join(unfinished, program));
      await chmod(join(unfinished, program), 0o755);
    }
    await chmod(unfinished, 0o755);
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  say(`Built FFmpeg in ${secondsSince(started)} s, kept in ${directory}`);
}
