import type { Dose, FeedingResult, Grams, Verdict } from '@cat-feeder/shared';
import { SURE_SHARE } from '../scheduling/food-clock.ts';

export interface OccurrenceVerdict {
  readonly verdict: Verdict;
  readonly rule: string;
  readonly numbers: Record<string, number | null>;
}

/** The one verdict of an occurrence whose feeding has ended. Pure. */
export function outcomeVerdict(end: {
  result: FeedingResult;
  fault: string | null;
  dose: Dose;
  portionGrams: Grams;
  intended: { verdict: Extract<Verdict, 'fed' | 'fed_late' | 'fed_reduced'>; rule: string };
}): OccurrenceVerdict {
  const { result, dose, portionGrams, intended } = end;
  const numbers = {
    portionGrams,
    lowGrams: dose.lowGrams,
    likelyGrams: dose.likelyGrams,
    highGrams: dose.highGrams,
  };
  switch (result) {
    case 'served':
      return { verdict: intended.verdict, rule: intended.rule, numbers };
    case 'short':
      return { verdict: 'short', rule: end.fault ?? 'short', numbers };
    case 'failed':
      return {
        verdict: dose.lowGrams >= portionGrams * SURE_SHARE ? 'short' : 'failed',
        rule: end.fault ?? 'failed',
        numbers,
      };
    case 'cancelled':
      return { verdict: dose.highGrams >= 1 ? 'short' : 'skipped', rule: 'cancelled', numbers };
    case 'unknown_after_crash':
      return { verdict: 'unknown_after_crash', rule: 'interrupted', numbers };
  }
}
