import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Track } from '../../journal/flv.ts';
import type { Take } from '../../journal/take.ts';
import { copyWithFfmpeg } from '../../mux/ffmpeg.ts';
import type { FfmpegOptions } from '../../mux/ffmpeg.ts';
import { joinedWebm } from '../../mux/recipes.ts';
import { takeKey } from '../../contract/object-keys.ts';
import type { ExpectedTrack } from '../../proof/compare.ts';
import { encodedTracks } from './encoded-tracks.ts';
import type { Joint, Takes } from './joined-file.ts';
import { persistently } from './persistently.ts';
import type { RenditionOptions } from './rendition.ts';

/**
 * From what was encoded of the takes, which all have the size and the codecs that were asked for. It is fetched from S3:
 * the files in the spool have holes where parts were uploaded.
 */
export const joinWebm: Joint = {
  room: 2.3,
  plan: (options, what, signal) => {
    if (what.takes.some(hasSeveralOfAKind)) return Promise.resolve(undefined);
    let tracks: readonly ExpectedTrack[] = [];
    return Promise.resolve({
      write: async (path) => {
        const { config, log } = options;
        const assembly = await assemble(options, what, signal);
        const files = what.takes.map(({ index }) => join(options.spool.joiningPath, `${index}.webm`));
        tracks = await encodedTracks(files, what.takes);
        const onLog = (line: string): void => log.debug({ line }, 'FFmpeg says');
        await copyWithFfmpeg({ ...assembly, ffmpegPath: config.ffmpegPath, output: path, onLog }, signal);
      },
      expectation: { tracks: () => tracks, offsetOf: () => () => what.takes[0]?.startMs ?? 0 },
    });
  },
};

/** A list has a place for one picture and one sound of each take: the others would be left out. */
function hasSeveralOfAKind({ tracks }: Take): boolean {
  return [...(tracks ?? [])].some((track) => !track.endsWith(':0'));
}

/** How FFmpeg makes one file of them, without encoding. */
type Assembly = Pick<FfmpegOptions, 'input' | 'inputOptions' | 'moreInputs' | 'outputOptions'>;

async function assemble(options: RenditionOptions, what: Takes, signal: AbortSignal): Promise<Assembly> {
  const { config, spool, store } = options;
  const folder = await spool.joiningFolder();
  const [from = 0] = what.takes.map(({ startMs }) => startMs);
  for (const { index } of what.takes) {
    const key = takeKey(config.upload.key, index);
    const path = join(folder, `${index}.webm`);
    await persistently(options, () => store.download({ key }, path, signal), signal);
  }
  const video = listOf(what.takes, 'video');
  const audio = listOf(what.takes, 'audio');
  // Sound is the first track of some of them and the second of others, which one list can't have.
  for (const { index } of audio) await extractSound(options, { folder, index }, signal);
  const inputs: { path: string; options: string[] }[] = [];
  for (const { takes, name } of [
    { takes: video, name: '' },
    { takes: audio, name: '.sound' },
  ]) {
    const [first] = takes;
    if (first === undefined) continue;
    const path = join(folder, `list${name}.txt`);
    await writeFile(
      path,
      concatList(takes, (index) => `${index}${name}.webm`),
    );
    const offset = ['-itsoffset', ((first.startMs - from) / 1000).toFixed(3)];
    inputs.push({ path, options: [...offset, '-f', 'concat'] });
  }
  const last = inputs.pop();
  if (last === undefined) throw new Error('no take has any track');
  return {
    moreInputs: inputs,
    input: last.path,
    inputOptions: last.options,
    outputOptions: joinedWebm({
      video: video.length > 0 ? 0 : undefined,
      audio: audio.length > 0 ? inputs.length : undefined,
    }),
  };
}

function listOf(takes: readonly Take[], track: Track): Take[] {
  return takes.filter((take) => take.has(track));
}

/** A script of FFmpeg's concat demuxer: each file lasts until the next one begins, whatever it says itself. */
function concatList(takes: readonly Take[], nameOf: (index: number) => string): string {
  const lines = takes.flatMap(({ index, startMs }, position) => {
    const next = takes[position + 1];
    const lasts = next === undefined ? [] : [`duration ${((next.startMs - startMs) / 1000).toFixed(3)}`];
    return [`file ${nameOf(index)}`, ...lasts];
  });
  return ['ffconcat version 1.0', ...lines, ''].join('\n');
}

async function extractSound(
  { config, log }: RenditionOptions,
  { folder, index }: { readonly folder: string; readonly index: number },
  signal: AbortSignal,
): Promise<void> {
  await copyWithFfmpeg(
    {
      ffmpegPath: config.ffmpegPath,
      input: join(folder, `${index}.webm`),
      inputOptions: [],
      outputOptions: ['-copyts', ...joinedWebm({ video: undefined, audio: 0 })],
      output: join(folder, `${index}.sound.webm`),
      onLog: (line) => log.debug({ line }, 'FFmpeg says'),
    },
    signal,
  );
}
