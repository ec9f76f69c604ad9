import { describe, expect, it } from 'vitest';
import { countTests } from './vitest-report.ts';

const report = (passed: number, failed: number, pending: number, testResults: object[] = []) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  testResults,
});

describe('counting the tests of a report', () => {
  it('counts what passed and what failed', () => {
    expect(countTests(report(7, 2, 0))).toEqual({ passed: 7, failed: 2 });
  });

  it('counts a skipped test as failed: it showed nothing', () => {
    expect(countTests(report(7, 0, 1))).toEqual({ passed: 7, failed: 1 });
  });

  it('counts a file that broke before its first test as failed', () => {
    const broken = { name: 'a.test.ts', status: 'failed', assertionResults: [] };
    expect(countTests(report(0, 0, 0, [broken]))).toEqual({ passed: 0, failed: 1 });
  });

  it('refuses what is no report', () => {
    expect(() => countTests({})).toThrow('numPassedTests');
  });
});
