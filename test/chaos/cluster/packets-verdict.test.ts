import { describe, expect, it } from 'vitest';
import { judgePackets, NODE_LOSS_BYTES } from './packets-verdict.ts';

const journal = { video: ['a', 'b', 'c', 'd'], audio: ['w', 'x', 'y', 'z'] };
const of = (video: string[], audio: string[]) => ({ video, audio });
const take = { journal, journalBytes: 8000, file: journal, nodeIsLost: false };

describe('judging what became of accepted packets', () => {
  it('is content when the file has them all, and when there was nothing', () => {
    expect(judgePackets(take)).toEqual({ lost: 0, complaints: [], lostWithNode: 0 });
    expect(judgePackets({ ...take, journal: of([], []), file: undefined })).toMatchObject({ complaints: [] });
  });

  it('complains of each packet that is missing, also at the end', () => {
    const file = of(['a', 'b', 'c'], journal.audio);
    expect(judgePackets({ ...take, file })).toMatchObject({ lost: 1, complaints: ['1 of 8 packets lost'] });
  });

  it('grants a recorder nothing that was killed on a node that lives', () => {
    expect(judgePackets({ ...take, file: of(['a', 'b'], ['w']) })).toMatchObject({
      lost: 5,
      lostWithNode: 0,
    });
  });

  it('complains of a file that is not there, and of packets that nobody sent', () => {
    expect(judgePackets({ ...take, file: undefined }).lost).toBe(8);
    expect(
      judgePackets({ ...take, file: of([...journal.video, 'q'], journal.audio) }).complaints,
    ).toHaveLength(1);
  });

  describe('with its node lost for good', () => {
    const lost = { ...take, nodeIsLost: true };

    it('lets the end be missing that was not in S3 yet', () => {
      expect(judgePackets({ ...lost, file: of(['a', 'b'], ['w']) })).toMatchObject({
        lost: 0,
        complaints: [],
        lostWithNode: 5,
      });
      expect(judgePackets({ ...lost, file: undefined })).toMatchObject({ lost: 0, lostWithNode: 8 });
    });

    it('but nothing in the middle, and not more than was under way', () => {
      expect(judgePackets({ ...lost, file: of(['a', 'c', 'd'], journal.audio) }).lost).toBe(1);
      const large = { ...lost, journalBytes: 3 * NODE_LOSS_BYTES };
      expect(judgePackets({ ...large, file: of(['a', 'b'], ['w', 'x']) }).lost).toBe(4);
      expect(judgePackets({ ...large, file: undefined }).lost).toBe(8);
    });
  });
});
