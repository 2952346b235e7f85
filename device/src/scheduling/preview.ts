import {
  type EpochMs,
  FeederError,
  type Grams,
  type Kcal,
  PREVIEW_DAYS_MAX,
  roundGrams,
} from '@cat-feeder/shared';
import { addDays, weekdayOf } from './calendar.ts';
import { localDateOf, type OffsetShift, offsetChangeOn } from './local-time.ts';
import { type PlannedOccurrence, plannedOn, vacationOn } from './occurrences.ts';
import type { PlanView } from './schedule-store.ts';

export interface PreviewMeal {
  readonly key: string;
  readonly mealName: string;
  readonly petId: string | null;
  readonly localTime: string;
  readonly dueAtMs: EpochMs;
  /** What will be asked for: 0 when the meal is left out or its time has passed. */
  readonly portionGrams: Grams;
  readonly kcal: Kcal | null;
  /** What an overlay did to it, or that its time had passed when the preview was made. */
  readonly effect: 'none' | 'skipped' | 'paused' | 'vacation' | 'past';
  /** How the clock change of this night moves it. */
  readonly shift: OffsetShift;
  readonly why: string;
}

export interface PreviewDay {
  readonly date: string;
  readonly weekday: number;
  /** Minutes that the clocks go forward (+) or back (-) on this date; 0 on all but two nights. */
  readonly clockForwardMinutes: number;
  readonly overlay: 'vacation' | null;
  readonly meals: readonly PreviewMeal[];
  readonly dayGrams: Grams;
  readonly dayKcal: Kcal | null;
  /** What the hopper will hold after the last meal; null when its content is not known. */
  readonly hopperGrams: Grams | null;
}

export interface SchedulePreview {
  readonly zone: string;
  readonly days: readonly PreviewDay[];
  readonly totalGrams: Grams;
  /** The first meal that the hopper cannot serve in full; null: it lasts, or nobody knows. */
  readonly runsOut: {
    readonly date: string;
    readonly dueAtMs: EpochMs;
    readonly key: string;
  } | null;
}

export interface PreviewRequest {
  readonly view: PlanView;
  /** Meals due at or before this instant are shown as past. */
  readonly fromMs: EpochMs;
  /** 1 to 400, from the local date of `fromMs`. */
  readonly days: number;
  readonly kcalPer100g: number | null;
  readonly hopperGrams: Grams | null;
}

/** The plan run forward: what the schedule itself will do, by the same code. Pure. */
export function previewSchedule(request: PreviewRequest): SchedulePreview {
  const { view, fromMs, days } = request;
  if (!Number.isInteger(days) || days < 1 || days > PREVIEW_DAYS_MAX) {
    throw new FeederError('ERR_BUSINESS_RULE', {
      details: [{ path: 'days', message: `must be 1 to ${PREVIEW_DAYS_MAX}` }],
    });
  }
  const firstDate = localDateOf(view.settings.zone, fromMs);
  const rows: PreviewDay[] = [];
  let totalGrams = 0;
  let runsOut: SchedulePreview['runsOut'] = null;
  for (let i = 0; i < days; i++) {
    const date = addDays(firstDate, i);
    const meals = plannedOn(view, date).map((planned) => mealRow(planned, request));
    let dayGrams = 0;
    for (const meal of meals) {
      dayGrams += meal.portionGrams;
      const needed = totalGrams + dayGrams;
      if (runsOut === null && request.hopperGrams !== null && needed > request.hopperGrams) {
        runsOut = { date, dueAtMs: meal.dueAtMs, key: meal.key };
      }
    }
    totalGrams += dayGrams;
    rows.push({
      date,
      weekday: weekdayOf(date),
      clockForwardMinutes: offsetChangeOn(view.settings.zone, date)?.forwardMinutes ?? 0,
      overlay: vacationOn(view.overlays, date) === null ? null : 'vacation',
      meals,
      dayGrams: roundGrams(dayGrams),
      dayKcal: kcalOf(dayGrams, request.kcalPer100g),
      hopperGrams:
        request.hopperGrams === null
          ? null
          : roundGrams(Math.max(0, request.hopperGrams - totalGrams)),
    });
  }
  return { zone: view.settings.zone, days: rows, totalGrams: roundGrams(totalGrams), runsOut };
}

function mealRow(planned: PlannedOccurrence, request: PreviewRequest): PreviewMeal {
  const { occurrence, leftOut, vacation } = planned;
  const isPast = occurrence.dueAtMs <= request.fromMs;
  const portionGrams = leftOut !== null || isPast ? 0 : occurrence.portionGrams;
  return {
    key: occurrence.key,
    mealName: occurrence.mealName,
    petId: occurrence.petId,
    localTime: occurrence.localTime,
    dueAtMs: occurrence.dueAtMs,
    portionGrams,
    kcal: kcalOf(portionGrams, request.kcalPer100g),
    effect: isPast ? 'past' : effectOf(leftOut?.rule ?? null, vacation !== null),
    shift: planned.shift,
    why: occurrence.why,
  };
}

function effectOf(rule: 'skip_overlay' | 'paused' | null, isVacation: boolean) {
  if (rule === 'skip_overlay') return 'skipped';
  if (rule === 'paused') return 'paused';
  return isVacation ? 'vacation' : 'none';
}

function kcalOf(portionGrams: Grams, kcalPer100g: number | null): Kcal | null {
  return kcalPer100g === null ? null : Math.round((portionGrams * kcalPer100g) / 10) / 10;
}
