import { describe, expect, it } from 'vitest';
import { isError, messageOf } from './logs.ts';

describe('lines of logs', () => {
  it('are read without what the container runtime puts before them', () => {
    expect(messageOf('2026-11-23T05:34:54.195857495Z stdout F {"level":30}')).toBe('{"level":30}');
  });

  it.each([
    ['{"level":30,"msg":"leading"}', false],
    ['{"level":40,"msg":"asked again"}', false],
    ['{"level":50,"msg":"reconciliation failed for good"}', true],
    ['Error: unhandled', true],
    ['    at file:///app/controller.mjs:1:1', true],
    ['{"level":30,"msg":"cut off by a ki', false],
    ['', false],
  ])('%s: error %s', (line, expected) => {
    expect(isError(line)).toBe(expected);
  });
});
