import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { copyJson, equalJson } from './json-values.ts';

const STATUS = {
  phase: 'Recording',
  parts: [{ attempt: 1, files: [] }, null],
  ingest: { url: 'x' },
  ready: false,
};

describe('copyJson', () => {
  it('shares nothing that can be changed with what it was made of', () => {
    const copy = copyJson(STATUS);
    expect(copy).toEqual(STATUS);
    copy.ingest.url = 'y';
    copy.parts.push(null);
    copy.parts[0]?.files.push('z' as never);
    expect(STATUS).toEqual({
      phase: 'Recording',
      parts: [{ attempt: 1, files: [] }, null],
      ingest: { url: 'x' },
      ready: false,
    });
  });
});

describe('equalJson', () => {
  const values = [
    undefined,
    null,
    0,
    1,
    '',
    '1',
    true,
    [],
    [1],
    [1, 2],
    {},
    { a: 1 },
    { a: 1, b: [2] },
    { b: [2], a: 1 },
  ];
  const more = [
    { a: undefined },
    { b: undefined },
    { a: null },
    { 0: 1 },
    [undefined],
    { a: { b: { c: 1 } } },
    STATUS,
  ];
  const all = [...values, ...more, ...[...values, ...more].map((value) => copyJson(value))];

  it('says what isDeepStrictEqual does of values as JSON has them', () => {
    for (const a of all)
      for (const b of all) expect([a, b, equalJson(a, b)]).toEqual([a, b, isDeepStrictEqual(a, b)]);
  });
});
