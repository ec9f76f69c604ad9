import { relative } from 'node:path';
import { z } from 'zod';

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

type FileResult = z.infer<typeof reportSchema>['testResults'][number];

/** What one stage or test run came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** A line for each failure: where it is and the first line of what it said. */
  readonly failures: readonly string[];
}

/**
 * Counts the tests of a report that vitest's JSON reporter wrote. A file that failed before its first test, and a
 * test that was skipped, count as failed: neither showed anything.
 */
export function readOutcome(report: unknown): Outcome {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = reportSchema.parse(report);
  const brokenFiles = testResults.filter(isBroken).length;
  return {
    passed: numPassedTests,
    failed: numFailedTests + numPendingTests + brokenFiles,
    failures: testResults.flatMap((file) => failuresOf(file)),
  };
}

function failuresOf(file: FileResult): string[] {
  const where = relative('', file.name);
  if (isBroken(file)) return [`${where}: ${firstLine(file.message)}`];
  return file.assertionResults
    .filter(({ status }) => status !== 'passed')
    .map(({ fullName, status, failureMessages }) => {
      const said = status === 'failed' ? firstLine(failureMessages?.[0]) : status;
      return `${where} > ${fullName}: ${said}`;
    });
}

const isBroken = (file: FileResult): boolean =>
  file.status === 'failed' && file.assertionResults.length === 0;

const firstLine = (text = ''): string => text.split('\n', 1)[0] ?? '';
