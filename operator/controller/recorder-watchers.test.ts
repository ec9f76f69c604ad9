import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { StatusRequest } from './recorder-client.ts';
import { RecorderWatchers } from './recorder-watchers.ts';
import { liveStatus } from './testing/build.ts';

describe('following recorders', () => {
  let clock: FakeClock;
  let asked: (StatusRequest & { answer: (body: unknown) => void; fail: (error: Error) => void })[];
  let changed: string[];
  let watchers: RecorderWatchers;
  let logged: Record<string, unknown>[];

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    changed = [];
    logged = [];
    watchers = new RecorderWatchers({
      client: {
        status: async (request) =>
          await new Promise((resolve, reject) => {
            asked.push({ ...request, answer: resolve, fail: reject });
            request.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
          }),
      },
      clock,
      random: () => 0,
      log: pino(
        { level: 'warn' },
        { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
      ),
      onChange: (key) => changed.push(key),
    });
  });

  it('asks for what is new, one question at a time', async () => {
    watchers.follow('ns/rec', 'http://1');
    watchers.follow('ns/rec', 'http://1');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      baseUrl: 'http://1',
      after: undefined,
      waitSeconds: 15,
    });
    asked[0]?.answer(liveStatus({ version: 7 }));
    await settle();
    expect(changed).toEqual(['ns/rec']);
    expect(watchers.latest('ns/rec')?.version).toBe(7);
    expect(asked[1]).toMatchObject({ after: 7 });
  });

  it('keeps what it knows when the recorder does not answer, and asks from the beginning afterwards', async () => {
    watchers.follow('ns/rec', 'http://1');
    asked[0]?.answer(liveStatus({ version: 7 }));
    await settle();
    asked[1]?.fail(new Error('connection refused'));
    await clock.advance(10_000);
    expect(asked[2]).toMatchObject({ after: 0 });
    expect(watchers.latest('ns/rec')?.state).toBe('recording');
  });

  it('takes the answer of another recording’s recorder for none: its address was given away', async () => {
    watchers.follow('ns/rec', 'http://1');
    asked[0]?.answer(liveStatus({ version: 7 }));
    await settle();
    changed.length = 0;
    await clock.advance(30_000);
    asked[1]?.answer(liveStatus({ recordingId: 'other', state: 'done', version: 9 }));
    await settle();
    expect(changed).toEqual([]);
    expect(watchers.latest('ns/rec')).toMatchObject({ recordingId: 'rec', state: 'recording' });
    expect(watchers.silentMs('ns/rec')).toBe(30_000);
    await clock.advance(10_000);
    expect(asked).toHaveLength(3);
  });

  it('hears a recorder that says what no status can hold, and logs each field once', async () => {
    watchers.follow('ns/rec', 'http://1');
    const said = { ...liveStatus({ version: 7 }), startedAt: 'yesterday' };
    asked[0]?.answer(said);
    await settle();
    asked[1]?.answer({ ...said, version: 8 });
    await settle();
    asked[2]?.answer({ ...said, version: 9, state: 'remuxing', durationSeconds: 5 });
    await settle();
    expect(watchers.latest('ns/rec')).toMatchObject({ state: 'recording', version: 9, durationSeconds: 5 });
    expect(changed).toHaveLength(3);
    expect(logged.map(({ key, fields }) => [key, fields])).toEqual([
      ['ns/rec', { startedAt: '"yesterday"' }],
      ['ns/rec', { state: '"remuxing"' }],
    ]);
  });

  it('takes an answer that is no status for none', async () => {
    watchers.follow('ns/rec', 'http://1');
    asked[0]?.answer(['recording']);
    await settle();
    expect([changed, watchers.latest('ns/rec')]).toEqual([[], undefined]);
    await clock.advance(10_000);
    asked[1]?.answer(liveStatus({ version: 1 }));
    await settle();
    expect(changed).toEqual(['ns/rec']);
  });

  it('does not spin when a recorder does not wait as it was asked to', async () => {
    watchers.follow('ns/rec', 'http://1');
    asked[0]?.answer(liveStatus({ version: 7 }));
    await settle();
    asked[1]?.answer(liveStatus({ version: 7 }));
    await settle();
    expect(asked).toHaveLength(2);
    await clock.advance(1000);
    expect(asked).toHaveLength(3);
  });

  it('follows a recorder to its new address, and forgets one that is dropped', async () => {
    watchers.follow('ns/rec', 'http://1');
    watchers.follow('ns/rec', 'http://2');
    await settle();
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(asked[1]?.baseUrl).toBe('http://2');
    watchers.drop('ns/rec');
    await settle();
    expect([watchers.size, asked[1]?.signal.aborted, watchers.latest('ns/rec')]).toEqual([
      0,
      true,
      undefined,
    ]);
    expect(asked).toHaveLength(2);
    expect(changed).toEqual([]);
  });
});
