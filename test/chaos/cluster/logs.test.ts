import { describe, expect, it } from 'vitest';
import { entriesOf, isError } from './logs.ts';

const TIME = '2026-11-23T05:34:54.195857495Z';
const written = (...lines: string[]): string => lines.map((line) => `${TIME} ${line}\n`).join('');

describe('what is said in a log', () => {
  it('is read without what the container runtime puts before it', () => {
    expect(entriesOf(written('stdout F {"level":30}'))).toEqual(['{"level":30}']);
  });

  it('is one piece where an error has a stack, whatever comes in between on the other stream', () => {
    const log = written(
      'stderr F LeadershipLostError: too late',
      'stdout F {"level":30}',
      'stderr F     at run (file:///app/controller.mjs:1:1) {',
      "stderr F   code: 'X'",
      'stderr F }',
      'stderr F TypeError: another',
    );
    expect(entriesOf(log)).toEqual([
      expect.stringMatching(/^LeadershipLostError.*\n {4}at run.*\n.*'X'\n\}$/),
      '{"level":30}',
      'TypeError: another',
    ]);
  });

  it('is put together where the runtime has cut a long line', () => {
    expect(entriesOf(written('stdout P {"level":', 'stderr F oh', 'stdout F 50}'))).toEqual([
      'oh',
      '{"level":50}',
    ]);
  });

  it.each([
    ['{"level":30,"msg":"leading"}', false],
    ['{"level":40,"msg":"asked again"}', false],
    ['{"level":50,"msg":"reconciliation failed for good"}', true],
    ['Error: unhandled', true],
    ['{"level":30,"msg":"cut off by a ki', false],
  ])('%s: error %s', (entry, expected) => {
    expect(isError(entry)).toBe(expected);
  });
});
