import type { Grams, Today } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { leastElapsedMs } from './elapsed.ts';
import type { BookedDose } from './feeding-journal.ts';
import { DAY_WINDOW_MS } from './portion-limits.ts';

export interface DayTotals {
  readonly servedGrams: Grams;
  readonly lowGrams: Grams;
  readonly highGrams: Grams;
}

/** What one local date has brought to the bowl, for one pet or for all (`petId` undefined). Pure. */
export function dayTotals(
  doses: readonly BookedDose[],
  localDate: string,
  localDateOf: (wallMs: number) => string,
  petId?: string,
): DayTotals {
  const totals = { servedGrams: 0, lowGrams: 0, highGrams: 0 };
  for (const dose of doses) {
    if (petId !== undefined && dose.petId !== petId) continue;
    if (localDateOf(dose.at.wallMs) !== localDate) continue;
    totals.servedGrams += dose.rationGrams;
    totals.lowGrams += dose.lowGrams;
    totals.highGrams += dose.highGrams;
  }
  return totals;
}

/** The present local date as the first page shows it. Pure. */
export function todayFigures(question: {
  readonly doses: readonly BookedDose[];
  readonly now: StationTime;
  readonly localDateOf: (wallMs: number) => string;
  readonly plannedGrams: Grams;
  readonly dayGramsMax: Grams;
}): Today {
  const { doses, now, localDateOf, plannedGrams } = question;
  const localDate = localDateOf(now.wallMs);
  const totals = dayTotals(doses, localDate, localDateOf);
  const inWindow = doses
    .filter((dose) => leastElapsedMs(dose.at, now) < DAY_WINDOW_MS)
    .reduce((sum, dose) => sum + dose.highGrams, 0);
  const booked = Math.max(inWindow, totals.highGrams);
  const remainingCapGrams = Math.max(0, question.dayGramsMax - booked);
  return { localDate, plannedGrams, ...totals, remainingCapGrams };
}
