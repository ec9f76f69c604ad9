import { describe, expect, it } from 'vitest';
import { RecorderLooks } from './recorder-looks.ts';
import type { RecorderFigures } from './recorder-looks.ts';

const URL_1 = 'http://10.0.0.7:8080';
const figures = (recordingId = 'rec-1', durationSeconds = 5): RecorderFigures => ({
  recordingId,
  state: 'recording',
  durationSeconds,
  bytesReceived: 1000,
  bytesUploaded: 500,
  bitrateKbps: 2000,
  fps: 30,
});
const never = (): Promise<never> => new Promise(() => undefined);

describe('looks at recorders', () => {
  it('are shared by all who ask at the same time, and for a second', async () => {
    let clock = 0;
    let asked = 0;
    const looks = new RecorderLooks({
      now: () => clock,
      ask: async () => {
        asked += 1;
        return figures('rec-1', asked);
      },
    });
    const together = await Promise.all(Array.from({ length: 100 }, () => looks.look('rec-1', URL_1)));
    expect(together.every((each) => each?.durationSeconds === 1)).toBe(true);
    clock = 999;
    expect(await looks.look('rec-1', URL_1)).toMatchObject({ durationSeconds: 1 });
    clock = 1000;
    expect(await looks.look('rec-1', URL_1)).toMatchObject({ durationSeconds: 2 });
    expect(asked).toBe(2);
  });

  it('give up a recorder that hangs, whether or not it heeds the signal, and leave it alone for a while', async () => {
    let clock = 0;
    const signals: AbortSignal[] = [];
    const looks = new RecorderLooks({
      now: () => clock,
      limitMs: 5,
      ask: (_, signal) => {
        signals.push(signal);
        return never();
      },
    });
    expect(await looks.look('rec-1', URL_1)).toBeUndefined();
    expect(await looks.look('rec-1', URL_1)).toBeUndefined();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    clock = 5000;
    expect(await looks.look('rec-1', URL_1)).toBeUndefined();
    expect(signals).toHaveLength(2);
  });

  it('are not waited for in a queue: who comes beyond the bound does without', async () => {
    const open = Promise.withResolvers<RecorderFigures>();
    let asked = 0;
    const looks = new RecorderLooks({
      now: () => 0,
      maxAtOnce: 2,
      limitMs: 60_000,
      ask: async (url) => {
        asked += 1;
        return { ...(await open.promise), recordingId: url };
      },
    });
    const first = [1, 2].map((index) =>
      looks.look(`http://10.0.0.${index}:8080`, `http://10.0.0.${index}:8080`),
    );
    expect(await looks.look('rec-3', 'http://10.0.0.3:8080')).toBeUndefined();
    open.resolve(figures());
    expect((await Promise.all(first)).every((each) => each !== undefined)).toBe(true);
    expect(asked).toBe(2);
  });

  it('are worth nothing when the recorder fails, or records something else by now', async () => {
    const failing = new RecorderLooks({ now: () => 0, ask: () => Promise.reject(new Error('refused')) });
    expect(await failing.look('rec-1', URL_1)).toBeUndefined();
    const other = new RecorderLooks({ now: () => 0, ask: async () => figures('rec-2') });
    expect(await other.look('rec-1', URL_1)).toBeUndefined();
  });

  it.each([
    'http://metadata.internal:80',
    'https://10.0.0.7:8080',
    'http://10.0.0.7:8080/secrets',
    'http://user@10.0.0.7:8080',
    'file:///etc/passwd',
    '10.0.0.7:8080',
  ])('go to addresses of pods, not to %s', async (url) => {
    const looks = new RecorderLooks({
      now: () => 0,
      ask: () => {
        throw new Error('asked');
      },
    });
    expect(await looks.look('rec-1', url)).toBeUndefined();
  });

  it('reach addresses of IPv6, and remember no more recorders than they are told', async () => {
    let asked = 0;
    const looks = new RecorderLooks({
      now: () => 0,
      maxRemembered: 1,
      ask: async () => {
        asked += 1;
        return figures();
      },
    });
    expect(await looks.look('rec-1', 'http://[fd00::7]:8080')).toBeDefined();
    expect(await looks.look('rec-1', URL_1)).toBeDefined();
    expect(await looks.look('rec-1', 'http://[fd00::7]:8080')).toBeDefined();
    expect(asked).toBe(3);
  });
});
