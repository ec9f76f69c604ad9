import { describe, expect, it } from 'vitest';
import { decodeCommand, encodeValues, strictArray } from './amf.ts';
import { values } from './testing/messages.ts';

/** A value of AMF3 as it stands among those of AMF0. */
const amf3 = (...bytes: readonly (number | string)[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x11]),
    ...bytes.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))),
  ]);
/** A string of AMF3 behind its marker: its length, and a bit that says that it is no reference. */
const text = (value: string): readonly [number, string] => [value.length * 2 + 1, value];

/** An object in so many others. */
function nested(depth: number): Buffer {
  const within = Array.from({ length: depth }, () => [3, 0, 1, 0x61]).flat();
  return Buffer.from([...within, 3, ...Array.from({ length: depth + 1 }, () => [0, 0, 9]).flat()]);
}

function argumentsOf(...bytes: readonly Buffer[]): readonly unknown[] {
  return decodeCommand(Buffer.concat([values('any', 1, null), ...bytes])).args;
}

describe('a command', () => {
  it('is read as it was written', () => {
    const bytes = encodeValues(['publish', 5, { a: 'b' }, 'key', strictArray(['x', 'y'])]);
    expect(decodeCommand(bytes)).toEqual({
      name: 'publish',
      transactionId: 5,
      object: { a: 'b' },
      args: ['key', ['x', 'y']],
    });
  });

  it.each([
    { what: 'a boolean', bytes: Buffer.from([1, 1]), value: true },
    { what: 'undefined', bytes: Buffer.from([6]), value: undefined },
    { what: 'what its client could not say', bytes: Buffer.from([0x0d]), value: undefined },
    { what: 'a date', bytes: Buffer.from([0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), value: 0 },
    { what: 'a long string', bytes: Buffer.from([0x0c, 0, 0, 0, 1, 0x61]), value: 'a' },
    { what: 'a list', bytes: Buffer.from([0x0a, 0, 0, 0, 2, 5, 1, 0]), value: [null, false] },
    {
      what: 'an array with names',
      bytes: Buffer.from([8, 0, 0, 0, 9, 0, 1, 0x61, 1, 1, 0, 0, 9]),
      value: { a: true },
    },
    {
      what: 'an object of a class, and AMF3 in it',
      bytes: Buffer.from([0x10, 0, 1, 0x43, 0, 1, 0x61, 0x11, 3, 0, 0, 9]),
      value: { a: true },
    },
    {
      what: 'objects in 16 objects',
      bytes: nested(16),
      value: Array.from({ length: 16 }).reduce((inner) => ({ a: inner }), {}),
    },
  ])('may have $what in it, and goes on behind that', ({ bytes, value }) => {
    expect(argumentsOf(bytes, values('behind'))).toEqual([value, 'behind']);
  });

  it.each([
    { what: 'undefined', bytes: amf3(0), value: undefined },
    { what: 'null', bytes: amf3(1), value: null },
    { what: 'false', bytes: amf3(2), value: false },
    { what: 'true', bytes: amf3(3), value: true },
    { what: 'a small integer', bytes: amf3(4, 0x7f), value: 127 },
    { what: 'an integer of four bytes', bytes: amf3(4, 0xbf, 0xff, 0xff, 0xff), value: 2 ** 28 - 1 },
    { what: 'a negative integer', bytes: amf3(4, 0xff, 0xff, 0xff, 0xff), value: -1 },
    { what: 'a double', bytes: amf3(5, 0x40, 0x09, 0, 0, 0, 0, 0, 0), value: 3.125 },
    { what: 'a string', bytes: amf3(6, ...text('key')), value: 'key' },
    { what: 'a date', bytes: amf3(8, 1, 0, 0, 0, 0, 0, 0, 0, 0), value: 0 },
    { what: 'bytes', bytes: amf3(0x0c, 7, 'abc'), value: undefined },
    { what: 'a list', bytes: amf3(9, 5, 1, 6, ...text('k'), 6, 0), value: ['k', 'k'] },
    { what: 'named values', bytes: amf3(9, 1, ...text('n'), 3, 1), value: { n: true } },
    {
      what: 'an object',
      // One sealed member, and one that is not.
      bytes: amf3(0x0a, 0x1b, 1, ...text('a'), 4, 7, ...text('b'), 6, ...text('c'), 1),
      value: { a: 7, b: 'c' },
    },
    {
      what: 'objects of one class',
      bytes: amf3(9, 5, 1, 0x0a, 0x13, 1, ...text('a'), 3, 0x0a, 1, 2),
      value: [{ a: true }, { a: false }],
    },
    { what: 'one that is there already', bytes: amf3(9, 5, 1, 9, 1, 1, 9, 2), value: [[], []] },
  ])('may have $what of AMF3 in it, and goes on behind that', ({ bytes, value }) => {
    expect(argumentsOf(bytes, values('behind'))).toEqual([value, 'behind']);
  });

  it.each([
    { what: 'a string that is cut short', bytes: amf3(6, 0x7f, 'abc') },
    { what: 'a reference to nothing', bytes: amf3(6, 4) },
    { what: 'an object that writes itself', bytes: amf3(0x0a, 7, ...text('C')) },
    { what: 'an unknown type of AMF3', bytes: amf3(0x20) },
    { what: 'an unknown type of AMF0', bytes: Buffer.from([0x55]) },
    { what: 'a long string that is none', bytes: Buffer.from([0x0c, 0x7f, 0xff, 0xff, 0xff]) },
    { what: 'a list of 4,294,967,295 members', bytes: Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 5]) },
    { what: 'objects in 17 objects', bytes: nested(17) },
    { what: 'a member without a name', bytes: Buffer.from([3, 0, 0, 5, 0, 0, 9]) },
    { what: 'objects nested without end', bytes: Buffer.alloc(16_000, Buffer.from([3, 0, 1, 0x61])) },
    {
      what: 'AMF3 nested without end',
      bytes: amf3(...Array.from({ length: 16_000 }, () => [9, 3, 1]).flat()),
    },
  ])('ends before $what', ({ bytes }) => {
    expect(argumentsOf(values('before'), bytes, values('behind'))).toEqual(['before']);
  });
});
