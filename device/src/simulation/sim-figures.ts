import { createHash } from 'node:crypto';
import { endMisused } from '../platform/program-flags.ts';

/** Runs a program of the simulator; what it refuses of its command line ends it. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    endMisused(error);
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
