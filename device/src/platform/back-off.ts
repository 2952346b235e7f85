import type { Milliseconds } from '@cat-feeder/shared';

/** The wait before the first retry, and the longest wait between any two. */
export const BACK_OFF_MS_MIN: Milliseconds = 1000;
export const BACK_OFF_MS_MAX: Milliseconds = 60_000;

/** At least 0 and below 1. */
export type Chance = () => number;

/**
 * How long to wait after so many failures in a row (1 or more): doubling from 1 s to 60 s, of which
 * the upper half is left to chance, so that parts that fell together do not come back together.
 */
export function backOffMs(failures: number, chance: Chance): Milliseconds {
  const fullMs = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS_MIN * 2 ** Math.min(failures - 1, 16));
  return Math.max(BACK_OFF_MS_MIN, fullMs / 2 + (chance() * fullMs) / 2);
}
