import { countsOf, nothing, ofPhase, sum, summaryLine } from './results';

const file = {
  numPassedTests: 5,
  numFailedTests: 1,
  numPendingTests: 2,
  numTodoTests: 1,
  numRuntimeErrorTestSuites: 0,
};

test("Jest's counts are read; a file that could not be loaded is a failure", () => {
  expect(countsOf(JSON.stringify(file))).toEqual({ passed: 5, failed: 1, skipped: 3 });
  expect(countsOf(JSON.stringify({ ...file, numRuntimeErrorTestSuites: 2 })).failed).toBe(3);
  expect(() => countsOf('{}')).toThrow();
});

test('a phase that failed never counts as if nothing had', () => {
  expect(ofPhase(1, nothing)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(ofPhase(1, { passed: 3, failed: 2, skipped: 0 }).failed).toBe(2);
  expect(ofPhase(0, nothing)).toEqual(nothing);
});

test.each([
  [[], '0 passed, 0 failed'],
  [
    [
      { passed: 400, failed: 0, skipped: 0 },
      { passed: 12, failed: 0, skipped: 3 },
    ],
    '412 passed, 0 failed, 3 skipped',
  ],
  [[{ passed: 1, failed: 2, skipped: 0 }], '1 passed, 2 failed'],
])('%j is told as %s', (all, line) => {
  expect(summaryLine(sum(all))).toBe(line);
});
