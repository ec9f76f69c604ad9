import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../journal/take-packets.ts';
import { Take } from '../journal/take.ts';
import { MuxError, NoRoomError, TakeMuxer } from './take-muxer.ts';
import { UnmuxableError } from './unmuxable-error.ts';

function muxerThat(make: (tries: number) => void) {
  const take = new Take({ index: 1, path: '/nowhere' });
  let tries = 0;
  let again = 0;
  const muxer = new TakeMuxer({
    take,
    make: () => {
      tries += 1;
      return Promise.resolve().then(() => make(tries));
    },
    onAgain: () => (again += 1),
    log: pino({ level: 'silent' }),
  });
  return { take, made: () => muxer.run(new AbortController().signal), again: () => again };
}

const fullDisk = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
};

describe('making the file of a take', () => {
  it('gives a full disk some tries once the take has ended, and then says so', async () => {
    const { take, made, again } = muxerThat(fullDisk);
    take.end();
    await expect(made()).rejects.toThrow(NoRoomError);
    expect(again()).toBe(4);
  }, 30_000);

  it('is tried again for as long as the take grows, whatever fails', async () => {
    const { take, made, again } = muxerThat((tries) => {
      if (tries === 3) take.end();
      if (tries <= 6) throw new Error('FFmpeg was killed');
    });
    await made();
    expect(again()).toBe(6);
  }, 30_000);

  it.each([new UnmuxableError('no codec'), new JournalError('no tag')])(
    'is given up at once where it would fail each time: $name',
    async (error) => {
      const { made, again } = muxerThat(() => {
        throw error;
      });
      await expect(made()).rejects.toThrow(MuxError);
      await expect(made()).rejects.toThrow(error.message);
      expect(again()).toBe(0);
    },
  );
});
