import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianFfmpegPath } from '../../../test/support/ffmpeg.ts';
import { makeClip } from '../../../test/support/media/clip.ts';
import { isConfig, readFlvTags } from '../../../test/support/media/flv-tags.ts';
import { expectPlayable } from '../../../test/support/media/plays.ts';
import { recordedStreams } from '../../../test/support/media/recorded-streams.ts';
import { tempDirectory } from '../../../test/support/temp-directory.ts';
import type { TempDirectory } from '../../../test/support/temp-directory.ts';
import type { Tag } from '../../journal/flv.ts';
import type { Packet } from '../../media/track.ts';
import { UnmuxableError } from '../unmuxable-error.ts';
import { streamedFile } from './hybrid-file.ts';
import { mp4Pieces } from './mp4-pieces.ts';
import { boxesIn, mp4Bytes, writeMp4 } from './testing/made-file.ts';
import { publishedSource } from './testing/published.ts';

/** `ftyp`, before the 16 bytes that change at the end. */
const FIRST_CHANGE = 28;
const LAST_CHANGE = FIRST_CHANGE + 16;

const resources = new AsyncDisposableStack();
let folder: TempDirectory;
/** 12 s with two B-frames in a row and a key frame each second. */
let published: readonly Tag[];

beforeAll(async () => {
  folder = resources.use(await tempDirectory('hybrid'));
  const clip = await makeClip(join(folder.path, 'clip.flv'), { seconds: 12, bFrames: 2 });
  published = await readFlvTags(clip);
}, 300_000);

afterAll(() => resources.disposeAsync());

const of = (track: Tag['track']): readonly Tag[] => published.filter((tag) => tag.track === track);

/** Shows pictures so much later, in ms, or earlier. */
function composed(tags: readonly Tag[], byMs: number): readonly Tag[] {
  return tags.map((tag) => {
    if (tag.track === 'audio' || isConfig(tag)) return tag;
    const payload = Buffer.from(tag.payload);
    payload.writeIntBE(payload.readIntBE(2, 3) + byMs, 2, 3);
    return { ...tag, payload };
  });
}

function delayed(tags: readonly Tag[], byMs: number): readonly Tag[] {
  return tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + byMs }));
}

function inOrder(...tracks: readonly (readonly Tag[])[]): readonly Tag[] {
  return tracks.flat().toSorted((a, b) => a.timestampMs - b.timestampMs);
}

interface Shown {
  readonly hash: string;
  readonly ptsMs: number;
}

/** What was sent, and when it is to be shown: from when on the earliest of it is. */
async function sentOf(tags: readonly Tag[]): Promise<Record<string, Shown[]>> {
  const packets: Packet[] = [];
  for await (const batch of publishedSource(tags).batches) packets.push(...batch);
  const originMs = packets.reduce(
    (least, { ptsMs, dtsMs }) => Math.min(least, ptsMs, dtsMs),
    packets[0]?.dtsMs ?? 0,
  );
  const shown: Record<string, Shown[]> = { video: [], audio: [] };
  for (const { track, ptsMs, payload } of packets) {
    const hash = createHash('md5').update(payload).digest('hex');
    shown[track.split(':')[0] ?? '']?.push({ hash, ptsMs: ptsMs - originMs });
  }
  return shown;
}

async function shownIn(file: string): Promise<Record<string, Shown[]>> {
  const shown: Record<string, Shown[]> = { video: [], audio: [] };
  for (const { type, packets } of await recordedStreams(file))
    shown[type]?.push(...packets.map(({ hash, ptsMs }) => ({ hash, ptsMs })));
  return shown;
}

describe('every packet is in the file, and shown at the time at which it was sent to be shown', () => {
  it.each<{ what: string; tags: () => readonly Tag[] }>([
    { what: 'B-frames', tags: () => published },
    { what: 'B-frames that are decoded late', tags: () => composed(published, -100) },
    { what: 'pictures before the beginning', tags: () => composed(published, -200) },
    { what: 'pictures much later than they are decoded', tags: () => composed(published, 1500) },
    { what: 'sound that comes 3 s later', tags: () => inOrder(of('video'), delayed(of('audio'), 3000)) },
    { what: 'pictures that come 4 s later', tags: () => inOrder(delayed(of('video'), 4000), of('audio')) },
    {
      what: 'a pause of a day',
      tags: () => [...published, ...delayed(published, 86_400_000).filter((tag) => !isConfig(tag))],
    },
    { what: 'no beginning', tags: () => delayed(published, 1_000_000) },
    { what: 'one track far ahead', tags: () => [...of('video'), ...of('audio')] },
    {
      what: 'sound that comes in bursts',
      tags: () =>
        published.map((tag) =>
          tag.track === 'audio' ? { ...tag, timestampMs: tag.timestampMs - (tag.timestampMs % 100) } : tag,
        ),
    },
    { what: 'sound alone', tags: () => of('audio') },
    { what: 'pictures alone', tags: () => of('video') },
    { what: 'one picture', tags: () => of('video').slice(0, 2) },
    {
      what: 'pictures before the first key frame',
      tags: () => [...published.filter(isConfig), ...published.slice(40).filter((tag) => !isConfig(tag))],
    },
  ])('$what', async ({ what, tags }) => {
    const file = join(folder.path, `${what}.mp4`);
    await writeMp4(publishedSource(tags()), file);
    expect(await shownIn(file)).toEqual(await sentOf(tags()));
  });

  it.each([0, 100, 200])('while it grows, decoded %i ms later', async (byMs) => {
    const file = join(folder.path, 'growing.mp4');
    const tags = composed(published, -byMs);
    for (const fragments of [1, 3, 7]) {
      await writeFile(file, await afterFragments(tags, fragments));
      const sent = await sentOf(tags);
      const shown = await shownIn(file);
      for (const kind of ['video', 'audio']) {
        expect(shown[kind]?.length).toBeGreaterThan(10 * fragments);
        expect(shown[kind]).toEqual(sent[kind]?.slice(0, shown[kind]?.length));
      }
      await expectPlayable(file, await debianFfmpegPath());
    }
  });

  it('and plays from start to end', async () => {
    const file = join(folder.path, 'plays.mp4');
    for (const tags of [published, composed(published, -200)]) {
      await writeMp4(publishedSource(tags), file);
      await expectPlayable(file, await debianFfmpegPath());
    }
  });
});

/** What the file is like when so many of its fragments are written. */
async function afterFragments(tags: readonly Tag[], count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let fragments = 0;
  const pieces = mp4Pieces(publishedSource(tags));
  const counted = async function* () {
    for await (const piece of pieces) {
      if (piece.kind === 'fragment') fragments += 1;
      if (fragments > count) return;
      yield piece;
    }
  };
  for await (const bytes of streamedFile(counted())) parts.push(Buffer.from(bytes));
  return Buffer.concat(parts);
}

describe('the bytes of the file', () => {
  it('are the same however its packets come', async () => {
    const whole = await mp4Bytes(publishedSource(published));
    for (const batch of [1, 7, 100_000])
      expect((await mp4Bytes(publishedSource(published, batch))).equals(whole)).toBe(true);
  });

  it('are final as soon as they are written, but for 16 near the beginning', async () => {
    const finished = await mp4Bytes(publishedSource(published));
    const bytes = await afterFragments(published, 5);
    expect(finished.subarray(0, FIRST_CHANGE)).toEqual(bytes.subarray(0, FIRST_CHANGE));
    expect(finished.subarray(LAST_CHANGE, bytes.length)).toEqual(bytes.subarray(LAST_CHANGE));
    expect(boxesIn(bytes).map(({ type }) => type)).toEqual([
      ...['ftyp', 'free', 'moov'],
      ...Array.from({ length: 5 }, () => ['moof', 'mdat']).flat(),
    ]);
    expect(boxesIn(finished).map(({ type }) => type)).toEqual(['ftyp', 'mdat', 'moov']);
  });

  it('begin a fragment with a key frame each second, and each 5 s where there is none', async () => {
    const durations = async (tags: readonly Tag[]): Promise<number[]> => {
      const starts: number[] = [];
      for await (const piece of mp4Pieces(publishedSource(tags)))
        if (piece.kind !== 'header') starts.push(piece.atMs);
      return starts.slice(1).map((at, index) => Math.round((at - (starts[index] ?? 0)) / 1000));
    };
    expect(await durations(of('video'))).toEqual(Array.from({ length: 12 }, () => 1));
    expect(await durations(of('audio'))).toEqual([5, 5, 2]);
  });
});

it('is not made of a track that the header does not have, nor of nothing', async () => {
  const source = publishedSource(published);
  const withoutSound = { ...source, tracks: source.tracks.filter(({ track }) => track === 'video:0') };
  await expect(mp4Bytes(withoutSound)).rejects.toThrow(UnmuxableError);
  await expect(mp4Bytes(publishedSource(published.filter(isConfig)))).rejects.toThrow(UnmuxableError);
});
