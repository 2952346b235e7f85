import type { Grams } from '@cat-feeder/shared';
import type { BookedDose } from './feeding-journal.ts';

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
