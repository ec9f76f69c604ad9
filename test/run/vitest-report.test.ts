import { describe, expect, it } from 'vitest';
import { readOutcome } from './vitest-report.ts';

const report = (passed: number, failed: number, pending: number, testResults: object[] = []) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  testResults,
});

describe('counting the tests of a report', () => {
  it('counts what passed and what failed', () => {
    expect(readOutcome(report(7, 2, 0))).toMatchObject({ passed: 7, failed: 2 });
  });

  it('counts a skipped test as failed: it showed nothing', () => {
    expect(readOutcome(report(7, 0, 1))).toMatchObject({ passed: 7, failed: 1 });
  });

  it('counts a file that broke before its first test as failed', () => {
    const broken = {
      name: 'a.test.ts',
      status: 'failed',
      message: 'no such module\n at x',
      assertionResults: [],
    };
    expect(readOutcome(report(0, 0, 0, [broken]))).toEqual({
      passed: 0,
      failed: 1,
      failures: ['a.test.ts: no such module'],
    });
  });

  it('names what failed and what was skipped, with the first line of the reason', () => {
    const file = {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'adds up', status: 'passed', failureMessages: [] },
        { fullName: 'divides', status: 'failed', failureMessages: ['expected 1 to be 2\n at a.test.ts:3'] },
        { fullName: 'multiplies', status: 'skipped', failureMessages: [] },
      ],
    };
    expect(readOutcome(report(1, 1, 1, [file])).failures).toEqual([
      'a.test.ts > divides: expected 1 to be 2',
      'a.test.ts > multiplies: skipped',
    ]);
  });

  it('refuses what is no report', () => {
    expect(() => readOutcome({})).toThrow('numPassedTests');
  });
});
