import { relative } from 'node:path';

/** What a check found: how many passed, and one line for each that failed. */
export type Count = { readonly passed: number; readonly failures: readonly string[] };

type Assertion = {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
};

type TestFile = {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly Assertion[];
};

/**
 * Counts the tests in vitest's JSON report. A run that crashed, collected nothing, skipped a test
 * or exited with an error that no test explains is a failure: silence is never green.
 */
export function countVitest(report: unknown, exitCode: number | null): Count {
  const files = testFilesOf(report);
  if (files === undefined) return { passed: 0, failures: ['vitest: crashed without a report'] };
  const passed = files.flatMap((file) => file.assertionResults).filter(isPassed).length;
  const failures = files.flatMap(failuresOf);
  if (passed === 0 && failures.length === 0) failures.push('vitest: no test was found');
  if (exitCode !== 0 && failures.length === 0) {
    failures.push(`vitest: exit ${exitCode} although every test passed (an unhandled error?)`);
  }
  return { passed, failures };
}

function testFilesOf(report: unknown): readonly TestFile[] | undefined {
  if (typeof report !== 'object' || report === null || !('testResults' in report)) return undefined;
  return Array.isArray(report.testResults) ? report.testResults : undefined;
}

function isPassed(assertion: Assertion): boolean {
  return assertion.status === 'passed';
}

function failuresOf(file: TestFile): string[] {
  const name = relative(process.cwd(), file.name);
  const failed = file.assertionResults
    .filter((assertion) => !isPassed(assertion))
    .map((assertion) => `${name}: ${assertion.fullName} (${reasonOf(assertion)})`);
  if (failed.length === 0 && file.status !== 'passed') {
    failed.push(`${name}: ${firstLine(file.message) || 'the file could not be loaded'}`);
  }
  return failed;
}

function reasonOf(assertion: Assertion): string {
  return firstLine(assertion.failureMessages?.[0]) || assertion.status;
}

function firstLine(text: string | undefined): string {
  return text?.split('\n', 1)[0]?.trim() ?? '';
}
