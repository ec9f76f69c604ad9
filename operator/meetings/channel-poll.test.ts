import { describe, expect, it } from 'vitest';
import { ChannelPoll } from './channel-poll.ts';
import type { ChannelLook } from './channel-poll.ts';

const INTERVAL_MS = 30_000;
const PEOPLE: ChannelLook = { people: [{ uid: '7', sends: true }] };
const DOWN: ChannelLook = { trouble: new Error('down'), isOfChannel: false };

/** A poll whose time goes on when it waits, and by a second for each question. */
function setUp(
  parts: {
    recorded?: readonly string[] | undefined;
    awaited?: readonly string[];
    look?: (channel: string) => ChannelLook;
    isHeld?: () => boolean;
    lookMs?: number;
  } = {},
) {
  const log: string[] = [];
  const asked: string[] = [];
  const looked: string[] = [];
  const clock = { ms: 1_000_000 };
  const answers = { look: parts.look ?? (() => PEOPLE) };
  const poll = new ChannelPoll({
    look: async (channel) => {
      asked.push(channel);
      clock.ms += parts.lookMs ?? 0;
      return answers.look(channel);
    },
    watch: {
      looked: async (channel) => {
        if (channel === 'broken') throw new Error('no database');
        looked.push(channel);
      },
    },
    recorded: () => ('recorded' in parts ? parts.recorded : []),
    awaited: async () => parts.awaited ?? [],
    hold: async () => parts.isHeld?.() ?? true,
    intervalMs: INTERVAL_MS,
    now: () => new Date(clock.ms),
    sleep: async (ms) => {
      clock.ms += ms;
    },
    onTrouble: () => void log.push('trouble'),
    onRecovered: () => void log.push('recovered'),
    onError: (_, channel) => void log.push(`error ${channel}`),
  });
  const round = async (afterMs = 0): Promise<string[]> => {
    clock.ms += afterMs;
    asked.length = 0;
    await poll.run(new AbortController().signal);
    return [...asked];
  };
  return { round, looked, log, answers };
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('a round of looks', () => {
  it('asks once for each channel that is recorded or awaited, and then not before the interval is over', async () => {
    const { round, looked } = setUp({ recorded: ['a', 'b'], awaited: ['b', 'c'] });
    expect(await round()).toEqual(['a', 'b', 'c']);
    expect(looked).toEqual(['a', 'b', 'c']);
    expect(await round(INTERVAL_MS / 2)).toEqual([]);
    expect(await round(INTERVAL_MS)).toEqual(['a', 'b', 'c']);
  });

  it('asks five times a second at most, and for all channels in turn', async () => {
    const { round } = setUp({ awaited: names('w', 400) });
    const first = await round();
    expect(first).toHaveLength(150);
    const rest = [...(await round(INTERVAL_MS)), ...(await round(INTERVAL_MS))];
    expect(new Set([...first, ...rest]).size).toBe(400);
  });

  it('keeps room for both kinds where there are too many', async () => {
    const { round } = setUp({ recorded: names('r', 500), awaited: names('w', 500) });
    const asked = await round();
    expect(asked.filter((name) => name.startsWith('r'))).toHaveLength(112);
    expect(asked.filter((name) => name.startsWith('w'))).toHaveLength(38);
  });

  it('ends with the interval when Agora is slow', async () => {
    const { round } = setUp({ awaited: names('w', 100), lookMs: 4000 });
    const first = await round();
    expect(first.length).toBeLessThan(10);
    expect((await round()).some((name) => first.includes(name))).toBe(false);
  });

  it('is left to the replica whose turn it is, and waits until it is known what is recorded', async () => {
    expect(await setUp({ recorded: ['a'], isHeld: () => false }).round()).toEqual([]);
    expect(await setUp({ recorded: undefined, awaited: ['a'] }).round()).toEqual([]);
  });

  it('goes on after a channel whose look could not be acted on', async () => {
    const { round, looked, log } = setUp({ recorded: ['broken', 'a'] });
    await round();
    expect(looked).toEqual(['a']);
    expect(log).toEqual(['error broken']);
  });
});

describe('trouble with Agora', () => {
  it('ends the round, lengthens the pauses to five minutes, is told once, and so is its end', async () => {
    const { round, looked, log, answers } = setUp({ recorded: ['a', 'b'], look: () => DOWN });
    expect(await round()).toEqual(['a']);
    expect(await round(INTERVAL_MS)).toEqual(['b']);
    expect(await round(INTERVAL_MS)).toEqual([]);
    expect(await round(INTERVAL_MS)).toEqual(['a']);
    for (let tries = 0; tries < 10; tries += 1) await round(300_000);
    expect(await round(300_000)).toHaveLength(1);
    expect([log, looked]).toEqual([['trouble'], []]);
    answers.look = () => PEOPLE;
    expect(await round(300_000)).toHaveLength(2);
    expect(log).toEqual(['trouble', 'recovered']);
    expect(await round(INTERVAL_MS)).toHaveLength(2);
  });

  it('is waited for as long as Agora says', async () => {
    const { round } = setUp({ recorded: ['a'], look: () => ({ ...DOWN, retryAfterMs: 100_000 }) });
    await round();
    expect(await round(99_000)).toEqual([]);
    expect(await round(1000)).toEqual(['a']);
  });

  it('with one channel keeps no other from being asked for', async () => {
    const refuse = (channel: string): ChannelLook =>
      channel === 'a' ? { trouble: new Error('bad name'), isOfChannel: true } : PEOPLE;
    const { round, looked, log } = setUp({ recorded: ['a', 'b'], look: refuse });
    await round();
    expect(looked).toEqual(['b']);
    expect(log).toEqual(['error a']);
  });
});
