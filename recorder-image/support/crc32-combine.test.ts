import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { combineCrc32 } from './crc32-combine.ts';

it.each([
  [[]],
  [['one']],
  [['', 'two']],
  [['three', '']],
  [['of one size', 'as it', 'of 5', 'is', 'a'.repeat(70_000), 'b'.repeat(70_000), 'c']],
])('a checksum of several stretches is that of all of them together: %#', (texts) => {
  const parts = texts.map((text) => ({ crc32: crc32(text), size: text.length }));
  expect(combineCrc32(parts)).toBe(crc32(texts.join('')));
});
