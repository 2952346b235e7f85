import { FeederError } from '@cat-feeder/shared';

/** The code of what this throws; for tests that ask for it. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FeederError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}
