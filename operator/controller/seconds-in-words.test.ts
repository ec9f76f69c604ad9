import { expect, it } from 'vitest';
import { secondsInWords } from './seconds-in-words.ts';

it.each([
  [0, '0 s'],
  [7.46, '7.5 s'],
  [60, '1 min'],
  [150.2, '2 min 30 s'],
  [6600, '1 h 50 min'],
  [7200, '2 h'],
])('%d s in words: %s', (seconds, words) => {
  expect(secondsInWords(seconds)).toBe(words);
});
