/** What the test command adds up: the counts of several Jest runs. */
import * as z from 'zod';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const nothing: Counts = { passed: 0, failed: 0, skipped: 0 };

const jestResults = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  /** Files that could not be loaded: none of their tests was counted. */
  numRuntimeErrorTestSuites: z.number(),
});

/** Reads the file that `jest --json --outputFile` wrote. Throws when it is not one. */
export function countsOf(json: string): Counts {
  const found = jestResults.parse(JSON.parse(json));
  return {
    passed: found.numPassedTests,
    failed: found.numFailedTests + found.numRuntimeErrorTestSuites,
    skipped: found.numPendingTests + found.numTodoTests,
  };
}

export function sum(all: readonly Counts[]): Counts {
  const add = (a: Counts, b: Counts): Counts => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  });
  return all.reduce(add, nothing);
}

/** A phase that failed without a failed test, such as lint, counts as one failure. */
export function ofPhase(status: number, counts: Counts): Counts {
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** The last line of a test run: `412 passed, 0 failed, 3 skipped`. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
