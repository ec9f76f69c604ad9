import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { ReachTarget } from './reach.ts';
import { RememberedReach } from './remembered-reach.ts';

const target: ReachTarget = { host: 'lb.example.com', port: 1935 };

function setup() {
  const clock = new FakeClock();
  const asked: { target: ReachTarget; answer: (trouble?: string | Error) => Promise<void> }[] = [];
  const queued: string[] = [];
  const reach = new RememberedReach({
    reach: async (at) => {
      const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
      const answer = async (trouble?: string | Error) => {
        if (trouble instanceof Error) reject(trouble);
        else resolve(trouble);
        await settle();
      };
      asked.push({ target: at, answer });
      return await promise;
    },
    clock,
    onChange: (key) => queued.push(key),
  });
  return { clock, asked, queued, reach };
}

describe('looking whether a recorder can be reached', () => {
  it('keeps nobody waiting: the recording is queued when it is known', async () => {
    const { asked, queued, reach } = setup();
    expect([reach.look('a', target), reach.look('a', target)]).toEqual(['looking', 'looking']);
    expect(asked).toHaveLength(1);
    await asked[0]?.answer();
    expect(queued).toEqual(['a']);
    expect(reach.look('a', target)).toEqual({ trouble: undefined });
    expect(asked).toHaveLength(1);
    expect(reach.size).toBe(0);
  });

  it('goes on saying what is wrong while it looks again, and queues the recording only for news', async () => {
    const { asked, queued, reach } = setup();
    reach.look('a', target);
    await asked[0]?.answer('ECONNREFUSED');
    expect(reach.look('a', target)).toEqual({ trouble: 'ECONNREFUSED' });
    expect(asked).toHaveLength(1);
    expect(reach.look('a', target)).toEqual({ trouble: 'ECONNREFUSED' });
    await asked[1]?.answer('ECONNREFUSED');
    expect(queued).toEqual(['a']);
    expect(reach.look('a', target)).toEqual({ trouble: 'ECONNREFUSED' });
    await asked[2]?.answer();
    expect(queued).toEqual(['a', 'a']);
    expect(reach.look('a', target)).toEqual({ trouble: undefined });
  });

  it('takes no answer for another address, and none that is old', async () => {
    const { clock, asked, queued, reach } = setup();
    reach.look('a', target);
    expect(reach.look('a', { ...target, port: 1936 })).toBe('looking');
    await asked[0]?.answer();
    expect(queued).toEqual([]);
    await asked[1]?.answer();
    expect(queued).toEqual(['a']);
    clock.jump(15_000);
    expect(reach.look('a', { ...target, port: 1936 })).toBe('looking');
    expect(asked).toHaveLength(3);
  });

  it('forgets who is gone, and queues them no more', async () => {
    const { asked, queued, reach } = setup();
    reach.look('a', target);
    reach.forget('a');
    await asked[0]?.answer();
    expect(queued).toEqual([]);
    expect(reach.size).toBe(0);
  });

  it('tells of a look that could not be made', async () => {
    const { asked, reach } = setup();
    reach.look('a', target);
    await asked[0]?.answer(new Error('EACCES: ca.pem'));
    expect(reach.look('a', target)).toEqual({ trouble: 'Error: EACCES: ca.pem' });
  });

  it('gives up a look that does not end', async () => {
    const { asked, clock, queued, reach } = setup();
    reach.look('a', target);
    await clock.advance(10_000);
    expect(queued).toEqual(['a']);
    expect(reach.look('a', target)).toEqual({ trouble: 'the look at it does not end' });
    expect(reach.look('a', target)).toMatchObject({ trouble: expect.any(String) as string });
    expect(asked).toHaveLength(2);
    await asked[1]?.answer();
    expect(reach.look('a', target)).toEqual({ trouble: undefined });
    expect(clock.timers).toBe(0);
  });
});
