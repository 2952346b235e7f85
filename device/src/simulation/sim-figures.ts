import { createHash } from 'node:crypto';
import { FeederError } from '@cat-feeder/shared';

/** Runs a program of the simulator; what it refuses ends as a sentence with exit code 64. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof FeederError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 64;
  }
}

/** Real seconds since an arbitrary instant, for the speed of a run. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** Seconds of processor time that this program has used. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** One hash for the hashes of all seeds, in order. */
export function foldHashes(hashes: readonly string[]): string {
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
