import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProblemError } from './problem.ts';
import { validate } from './validate.ts';

const schema = z.strictObject({
  a: z.int().optional(),
  list: z.array(z.strictObject({ 'b/c': z.string() })).optional(),
});

function refusal(value: unknown): ProblemError {
  try {
    validate(schema, value, { place: 'body' });
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('validation', () => {
  it('points at fields as JSON Pointer does', () => {
    expect(refusal({ list: [{ 'b/c': 1 }] }).errors).toMatchObject([{ field: '/list/0/b~1c' }]);
  });

  it('names unknown fields and those it knows', () => {
    expect(refusal({ x: 1, __proto__: null, y: 2 }).message).toBe(
      'x: unknown field; known are a, list; y: unknown field; known are a, list',
    );
    expect(refusal(JSON.parse('{"__proto__": 1}')).errors).toMatchObject([{ field: '/__proto__' }]);
  });

  it('stays short whatever is sent', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`${'k'.repeat(100)}${index}`, 1]),
    );
    const { message, errors } = refusal(many);
    expect(errors).toHaveLength(20);
    expect(message.length).toBeLessThan(1000);
  });
});
