import type { RawCounts } from '@cat-feeder/shared';

/** The ends of a signed 24-bit converter; a reading at an end means saturated. */
export const COUNTS_MIN: RawCounts = -8_388_608;
export const COUNTS_MAX: RawCounts = 8_388_607;

/** What the converter delivers for this value: a whole number within its ends. */
export function clampCounts(value: number): RawCounts {
  return Math.max(COUNTS_MIN, Math.min(COUNTS_MAX, Math.round(value)));
}
