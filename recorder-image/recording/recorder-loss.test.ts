import { expect, it } from 'vitest';
import { lossOf } from './recorder-loss.ts';

const killed = { wasLive: true, lastMediaAt: 10_000, endedAt: undefined, wasStopping: false, now: 15_000 };

it.each([
  ['what came between the last written packet and the next recorder', killed, { from: 10_000, to: 15_000 }],
  ['nothing without a publisher', { ...killed, wasLive: false }, undefined],
  ['nothing before the first media', { ...killed, lastMediaAt: undefined }, undefined],
  ['no time in which a publisher was silent', { ...killed, endedAt: 14_000 }, { from: 14_000, to: 15_000 }],
  ['what was not written when it ended', { ...killed, endedAt: 10_900 }, { from: 10_000, to: 15_000 }],
  ['what was on its way at the stop', { ...killed, wasStopping: true }, { from: 10_000, to: 10_200 }],
])('a recorder that was killed has lost %s', (_, facts, loss) => {
  expect(lossOf(facts)).toEqual(loss);
});
