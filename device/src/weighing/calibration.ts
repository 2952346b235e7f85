import type { EpochMs, Grams, Milliseconds, ScaleCalibration } from '@cat-feeder/shared';
import type { StillLevel } from './load-cell.ts';

/** A zero or a span is only taken from a level that stood still this long. */
export const CALIBRATION_HELD_MS: Milliseconds = 2000;
/**
 * A new zero further than this from the one before is a paw, food or another bowl. A bowl tared
 * while food lies in it reads below zero once that is eaten, and nothing can be served any more.
 */
const TARE_BAND_GRAMS: Grams = 10;
/** The known mass for the span. */
const SPAN_GRAMS_MIN: Grams = 20;
/** A span that differs more than this from the one before needs a confirmation. */
const SPAN_CHANGE_MAX = 0.2;
/** The mean of a still window must be known this well to become a zero. */
const SIGMA_GRAMS_MAX: Grams = 0.5;

export type CalibrationVerdict =
  | { readonly kind: 'accepted'; readonly calibration: ScaleCalibration }
  | {
      readonly kind: 'refused';
      readonly reason: 'unstable' | 'outside_band' | 'mass_too_small' | 'factor_changed';
      /** The number that decided it: seconds held, grams off, grams, or change as a share. */
      readonly value: number;
    };

/** Makes the present level the zero of an empty bowl. `confirm` lets another bowl pass. */
export function tare(
  before: ScaleCalibration,
  level: StillLevel | null,
  at: { nowMs: EpochMs; confirm: boolean },
): CalibrationVerdict {
  const unfit = whyUnfit(level);
  if (level === null || unfit !== null) return refuse('unstable', unfit ?? 0);
  const offGrams = (level.counts - before.zeroCounts) / before.countsPerGram;
  const isFirst = before.taredAtMs === null;
  if (!isFirst && !at.confirm && Math.abs(offGrams) > TARE_BAND_GRAMS) {
    return refuse('outside_band', offGrams);
  }
  const noiseGrams = Math.min(50, level.sigmaGrams);
  const calibration = {
    ...before,
    zeroCounts: level.counts,
    noiseGrams,
    taredAtMs: at.nowMs,
  };
  return { kind: 'accepted', calibration };
}

/**
 * The second point: a known mass on the tared bowl gives the span. Its sign is that of the parts'
 * wiring and never changes: the other one means that the bowl was tared with the mass in it.
 */
export function span(
  before: ScaleCalibration,
  level: StillLevel | null,
  at: { knownGrams: Grams; nowMs: EpochMs; confirm: boolean },
): CalibrationVerdict {
  const unfit = whyUnfit(level);
  if (level === null || unfit !== null) return refuse('unstable', unfit ?? 0);
  if (!(at.knownGrams >= SPAN_GRAMS_MIN)) return refuse('mass_too_small', at.knownGrams);
  const countsPerGram = (level.counts - before.zeroCounts) / at.knownGrams;
  const change = countsPerGram / before.countsPerGram - 1;
  const isPlausible = Math.abs(countsPerGram) >= 1 && Math.abs(countsPerGram) < 1e6;
  if (!isPlausible || countsPerGram * before.countsPerGram < 0) {
    return refuse('factor_changed', change);
  }
  if (!at.confirm && Math.abs(change) > SPAN_CHANGE_MAX) return refuse('factor_changed', change);
  const calibration = {
    ...before,
    countsPerGram,
    noiseGrams: before.noiseGrams * Math.abs(before.countsPerGram / countsPerGram),
    spannedAtMs: at.nowMs,
  };
  return { kind: 'accepted', calibration };
}

function whyUnfit(level: StillLevel | null): number | null {
  if (level === null) return 0;
  const isNumber = Number.isFinite(level.counts) && Number.isFinite(level.sigmaGrams);
  if (!isNumber || level.sigmaGrams > SIGMA_GRAMS_MAX) return level.sigmaGrams;
  return level.heldMs < CALIBRATION_HELD_MS ? level.heldMs / 1000 : null;
}

function refuse(
  reason: (CalibrationVerdict & { kind: 'refused' })['reason'],
  value: number,
): CalibrationVerdict {
  return { kind: 'refused', reason, value };
}
