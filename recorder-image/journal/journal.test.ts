import { mkdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tempDirectory } from '../../test/support/temp-directory.ts';
import { followTake } from './follow-take.ts';
import { openJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import { recoverFile } from './recovery.ts';
import type { ReleasedTake } from './released-take.ts';
import type { Take } from './take.ts';
import {
  AAC_CONFIG,
  audioFrame,
  AVC_CONFIG,
  interFrame,
  OTHER_AVC_CONFIG,
  videoFrame,
} from './testing/tags.ts';

interface Opened {
  readonly journal: Journal;
  readonly takes: Take[];
}

async function open(
  directory: string,
  options: { now?: () => number; maxDurationMs?: number; released?: readonly ReleasedTake[] } = {},
): Promise<Opened> {
  await mkdir(directory, { recursive: true });
  const takes: Take[] = [];
  const journal = await openJournal({
    format: 'mp4',
    directory,
    maxDurationMs: () => options.maxDurationMs ?? 1_000_000,
    now: options.now ?? (() => 0),
    released: options.released ?? [],
    onTake: (take) => takes.push(take),
    onError: (error) => {
      throw error;
    },
  });
  return { journal, takes };
}

async function contentOf(take: Take | undefined): Promise<string[]> {
  const tags: string[] = [];
  if (take === undefined) return tags;
  await recoverFile(take.path, ({ track, timestampMs, payload }) => {
    tags.push(`${track[0]}${timestampMs}:${payload[1] === 0 ? 'config' : payload.at(-1)}`);
  });
  return tags;
}

describe('the journal', () => {
  it('has every message in order, each codec configuration before its first media', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    const { accept } = journal.entrance();
    expect(accept('video', 0, AVC_CONFIG).outcome).toBe('ignored');
    accept('audio', 0, AAC_CONFIG);
    expect(accept('video', 0, videoFrame(1)).outcome).toBe('kept');
    accept('audio', 21, audioFrame(2));
    accept('video', 33, videoFrame(3));
    await journal.close();
    expect(await contentOf(takes[0])).toEqual(['v0:config', 'a0:config', 'v0:1', 'a21:2', 'v33:3']);
    expect(journal.durationMs).toBe(33);
  });

  it('does not repeat a configuration that a publisher sends again', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    for (const _connection of [1, 2]) {
      const { accept } = journal.entrance();
      accept('video', 0, AVC_CONFIG);
      accept('video', 0, videoFrame(1));
      accept('video', 33, AVC_CONFIG);
      accept('video', 33, videoFrame(2));
    }
    await journal.close();
    expect(await contentOf(takes[0])).toEqual(['v0:config', 'v0:1', 'v33:2', 'v53:1', 'v86:2']);
  });

  it('begins another take for each change, also when two connections take turns', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    const [one, other] = [journal.entrance(), journal.entrance()];
    one.accept('video', 0, AVC_CONFIG);
    one.accept('video', 0, videoFrame(1));
    one.accept('video', 33, videoFrame(2));
    other.accept('video', 0, OTHER_AVC_CONFIG);
    other.accept('video', 0, videoFrame(3));
    one.accept('video', 66, videoFrame(4));
    await journal.close();
    const contents = await Promise.all(takes.map((take) => contentOf(take)));
    expect(contents.map((tags) => tags.map((tag) => tag.replace(/^v\d+:/, '')))).toEqual([
      ['config', '1', '2'],
      ['config', '3'],
      ['config', '4'],
    ]);
  });

  it('writes at once when it is told that nothing more will come for a moment', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    // Without its timer nothing but that makes it write.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { accept } = journal.entrance();
      accept('video', 0, AVC_CONFIG);
      accept('video', 0, videoFrame(1));
      const written = takes[0]?.changed();
      journal.write();
      await written;
    } finally {
      vi.useRealTimers();
    }
    expect(await contentOf(takes[0])).toEqual(['v0:config', 'v0:1']);
    await journal.close();
  });

  it('begins another take when the configuration changes, with both configurations in it', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    const first = journal.entrance();
    first.accept('video', 0, AVC_CONFIG);
    first.accept('audio', 0, AAC_CONFIG);
    first.accept('video', 0, videoFrame(1));
    first.accept('audio', 21, audioFrame(2));
    first.accept('video', 33, OTHER_AVC_CONFIG);
    first.accept('audio', 42, audioFrame(3));
    first.accept('video', 43, videoFrame(4));
    first.accept('audio', 63, audioFrame(5));
    await journal.close();
    expect(takes.map(({ index }) => index)).toEqual([1, 2]);
    expect(await contentOf(takes[0])).toEqual(['v0:config', 'a0:config', 'v0:1', 'a21:2']);
    expect(await contentOf(takes[1])).toEqual(['a42:config', 'v42:config', 'a42:3', 'v43:4', 'a63:5']);
  });

  it('waits for a late track, but not for ever: one that is too late begins another take', async () => {
    for (const { late, expected } of [
      { late: 1000, expected: 1 },
      { late: 20_000, expected: 2 },
    ]) {
      await using folder = await tempDirectory('journal');
      const { journal, takes } = await open(folder.path);
      const { accept } = journal.entrance();
      accept('audio', 0, AAC_CONFIG);
      for (let time = 0; time < late; time += 21) accept('audio', time, audioFrame(1));
      accept('video', late, AVC_CONFIG);
      accept('video', late, videoFrame(2));
      await journal.close();
      expect(takes).toHaveLength(expected);
    }
  });

  it('takes nothing beyond the maximum duration', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path, { maxDurationMs: 100 });
    const { accept } = journal.entrance();
    accept('audio', 500, audioFrame(1));
    expect(accept('audio', 599, audioFrame(2)).outcome).toBe('kept');
    expect(accept('audio', 600, audioFrame(3)).outcome).toBe('beyond-max-duration');
    await journal.close();
    expect(await contentOf(takes[0])).toEqual(['a0:1', 'a99:2']);
    expect(journal.durationMs).toBe(99);
  });

  it('goes on behind the last whole tag when the process died while it wrote one', async () => {
    await using folder = await tempDirectory('journal');
    const first = await open(folder.path);
    const { accept } = first.journal.entrance();
    accept('video', 0, AVC_CONFIG);
    accept('video', 0, videoFrame(1));
    accept('video', 33, videoFrame(2));
    await first.journal.close();
    const path = join(folder.path, 'take-1.flv');
    await truncate(path, (await readFile(path)).length - 3);

    const later = Date.now() + 10_000;
    const second = await open(folder.path, { now: () => later });
    expect(second.takes).toHaveLength(1);
    const entrance = second.journal.entrance();
    entrance.accept('video', 0, AVC_CONFIG);
    entrance.accept('video', 0, videoFrame(3));
    await second.journal.close();
    const content = await contentOf(second.takes[0]);
    expect(content.slice(0, 2)).toEqual(['v0:config', 'v0:1']);
    expect(content).toHaveLength(3);
    expect(Number(content[2]?.match(/v(\d+)/)?.[1])).toBeGreaterThan(9000);
  });
});

describe('a take that is to end', () => {
  it('ends before the next key frame, and the next one has its own codec parameters', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    const { accept } = journal.entrance();
    accept('video', 0, AVC_CONFIG);
    accept('audio', 0, AAC_CONFIG);
    for (let time = 0; time < 2000; time += 100) {
      accept('video', time, videoFrame(time / 100));
      accept('audio', time, audioFrame(time / 100));
    }
    journal.rollOver();
    accept('video', 2000, interFrame(20));
    accept('audio', 2000, audioFrame(20));
    expect(journal.isRollingOver).toBe(true);
    accept('video', 2100, videoFrame(21));
    accept('audio', 2100, audioFrame(21));
    expect([journal.isRollingOver, journal.takes.length]).toEqual([false, 2]);
    await journal.close();
    expect((await contentOf(takes[0])).slice(-2)).toEqual(['v2000:20', 'a2000:20']);
    expect(await contentOf(takes[1])).toEqual(['v2100:config', 'a2100:config', 'v2100:21', 'a2100:21']);
  });

  it('ends anywhere where there is only sound', async () => {
    await using folder = await tempDirectory('journal');
    const { journal } = await open(folder.path);
    const { accept } = journal.entrance();
    accept('audio', 0, AAC_CONFIG);
    for (let time = 0; time < 6000; time += 1000) accept('audio', time, audioFrame(time / 1000));
    journal.rollOver();
    accept('audio', 6000, audioFrame(6));
    expect(journal.takes).toHaveLength(2);
    await journal.close();
  });

  it('is known when its file is gone, and time goes on behind it', async () => {
    await using folder = await tempDirectory('journal');
    const first = await open(folder.path, { now: () => 1_000_000 });
    const { accept } = first.journal.entrance();
    accept('audio', 0, AAC_CONFIG);
    for (const time of [0, 1000, 4000, 9000]) accept('audio', time, audioFrame(1));
    await first.journal.close();
    const [take] = first.takes;
    if (take === undefined) throw new Error('there is a take');
    const released = [first.journal.described(take)];
    expect(released).toMatchObject([{ index: 1, endMs: 9000, endedAt: 1_000_000 }]);
    await rm(take.path);

    const second = await open(folder.path, { now: () => 1_005_000, released });
    const [known] = second.takes;
    expect(known).toMatchObject({ index: 1, isReleased: true, ended: true, hasMedia: true });
    expect([second.journal.size, second.journal.silences.length]).toEqual([0, 2]);
    second.journal.entrance().accept('audio', 0, audioFrame(2));
    await second.journal.close();
    expect(second.takes.map(({ index }) => index)).toEqual([1, 2]);
    expect(await contentOf(second.takes[1])).toEqual(['a14000:2']);
  });
});

describe('following a take', () => {
  it('gives what is there and what comes, until the take ends, and always the same', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    const { accept } = journal.entrance();
    accept('video', 0, AVC_CONFIG);
    accept('audio', 0, AAC_CONFIG);
    accept('video', 0, videoFrame(1));
    const [take] = takes;
    if (take === undefined) throw new Error('there is a take');
    const read = async (): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of followTake(take, new AbortController().signal)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    const following = read();
    for (let time = 33; time < 3000; time += 33) accept('video', time, videoFrame(time % 200, 5000));
    await journal.close();
    const bytes = await following;
    expect(bytes.equals(await readFile(take.path))).toBe(true);
    expect(bytes.equals(await read())).toBe(true);
  });

  it('announces only the tracks that there are', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    journal.entrance().accept('audio', 0, audioFrame(1));
    await journal.close();
    const [take] = takes;
    if (take === undefined) throw new Error('there is a take');
    const first = await followTake(take, new AbortController().signal).next();
    expect(first.value?.[4]).toBe(4);
  });

  it('ends when it is no longer wanted', async () => {
    await using folder = await tempDirectory('journal');
    const { journal, takes } = await open(folder.path);
    journal.entrance().accept('audio', 0, audioFrame(1));
    const [take] = takes;
    if (take === undefined) throw new Error('there is a take');
    const unwanted = new AbortController();
    const next = followTake(take, unwanted.signal).next();
    unwanted.abort(new Error('unwanted'));
    await expect(next).rejects.toThrow('unwanted');
    await journal.close();
  });
});
