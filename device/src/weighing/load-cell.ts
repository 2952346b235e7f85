import type { Grams, Milliseconds, RawCounts, ScaleCalibration } from '@cat-feeder/shared';

/** Both end values of a 24-bit converter mean that the true signal lies beyond them. */
export const COUNTS_MIN: RawCounts = -8_388_608;
export const COUNTS_MAX: RawCounts = 8_388_607;

/** Readings below this, with an empty bowl at zero, say that the bowl itself is gone. */
export const BOWL_MISSING_GRAMS: Grams = -20;

/** Whether the converter is at one of its ends, or delivered something that is no count at all. */
export function isSaturated(counts: RawCounts): boolean {
  return !(counts > COUNTS_MIN && counts < COUNTS_MAX);
}

/** Counts to grams; the sign of the span carries the direction in which the cell is mounted. */
export function toGrams(calibration: ScaleCalibration, counts: RawCounts): Grams {
  return (counts - calibration.zeroCounts) / calibration.countsPerGram;
}

/** What a scale may be taken for before its first tare: the datasheet's span, no known zero. */
export function factoryCalibration(nominalCountsPerGram: number): ScaleCalibration {
  return {
    zeroCounts: 0,
    countsPerGram: nominalCountsPerGram,
    noiseGrams: 0.2,
    taredAtMs: null,
    spannedAtMs: null,
  };
}

/** A level that stood still, as the rules for tare and span are given it. */
export interface StillLevel {
  readonly counts: number;
  readonly sigmaGrams: Grams;
  /** How long it was watched. */
  readonly heldMs: Milliseconds;
}
