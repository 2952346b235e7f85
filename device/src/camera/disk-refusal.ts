import { FeederError } from '@cat-feeder/shared';
import type { Logger } from '../platform/logger.ts';

/** Runs a write that may be refused by the disk, which is told in the log and costs nothing else. */
export function tolerateRefusal(logger: Logger, told: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
    logger.error({ reason: error.message }, told);
  }
}
