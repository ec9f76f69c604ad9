import { z } from 'zod';

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.unknown()) }),
  ),
});

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Counts the tests of a report that vitest's JSON reporter wrote. A file that failed before its first test, and a
 * test that was skipped, count as failed: neither showed anything.
 */
export function countTests(report: unknown): Counts {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = reportSchema.parse(report);
  const brokenFiles = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  return { passed: numPassedTests, failed: numFailedTests + numPendingTests + brokenFiles };
}
