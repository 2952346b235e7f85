import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countVitest } from './count-vitest.ts';

const file = (status: string, assertionResults: object[], message = '') => ({
  name: join(process.cwd(), 'a.test.ts'),
  status,
  message,
  assertionResults,
});

describe('countVitest', () => {
  it('counts each test that passed', () => {
    const passed = { status: 'passed', fullName: 'x' };
    const report = { testResults: [file('passed', [passed, passed])] };
    expect(countVitest(report, 0)).toEqual({ passed: 2, failures: [] });
  });

  it('names a test that failed, with the first line of why', () => {
    const failed = { status: 'failed', fullName: 'serves 10 g', failureMessages: ['5 != 10\nat'] };
    const report = { testResults: [file('failed', [failed])] };
    expect(countVitest(report, 1).failures).toEqual(['a.test.ts: serves 10 g (5 != 10)']);
  });

  it('fails for a file that could not be loaded', () => {
    const report = { testResults: [file('failed', [], 'Cannot find module')] };
    expect(countVitest(report, 1).failures).toEqual(['a.test.ts: Cannot find module']);
  });

  it('fails for a test that was not run', () => {
    const report = { testResults: [file('passed', [{ status: 'pending', fullName: 'x' }])] };
    expect(countVitest(report, 0).failures).toEqual(['a.test.ts: x (pending)']);
  });

  it('fails when nothing was collected', () => {
    expect(countVitest({ testResults: [] }, 0).failures).toEqual(['vitest: no test was found']);
  });

  it('fails when vitest left no report', () => {
    expect(countVitest(undefined, 0).failures).toHaveLength(1);
  });

  it('fails when every test passed but vitest did not exit with 0', () => {
    const report = { testResults: [file('passed', [{ status: 'passed', fullName: 'x' }])] };
    expect(countVitest(report, 1).failures).toHaveLength(1);
    expect(countVitest(report, null).failures).toHaveLength(1);
  });
});
