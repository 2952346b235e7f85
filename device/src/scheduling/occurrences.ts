import {
  type EpochMs,
  FEEDING_GRAMS_CEILING,
  type Grams,
  type Meal,
  type Occurrence,
  type Overlay,
  occurrenceKey,
  PORTION_GRAMS_MIN,
  roundGrams,
  type Settings,
} from '@cat-feeder/shared';
import { dateOfDay, dayNumber, weekdayOf } from './calendar.ts';
import { hasDate, instantOf, localTimeOf, type OffsetShift } from './local-time.ts';
import type { PlanView } from './schedule-store.ts';
import { sunTime } from './sun.ts';
import { grams } from './words.ts';

type Pause = Extract<Overlay, { kind: 'pause' }>;
type Vacation = Extract<Overlay, { kind: 'vacation' }>;

/** Why an occurrence is left out by the owner's own wish. */
export type LeftOut =
  | { readonly rule: 'skip_overlay' }
  | { readonly rule: 'paused'; readonly untilMs: EpochMs };

/** One meal on one local date as the plan has it, before anything happened to it. */
export interface PlannedOccurrence {
  readonly occurrence: Occurrence;
  readonly meal: Meal;
  /** Due at or before this instant, it belongs to an earlier form of the plan. */
  readonly formFromMs: EpochMs;
  readonly leftOut: LeftOut | null;
  readonly vacation: Vacation | null;
  /** How the local time met a change of the offset. */
  readonly shift: OffsetShift;
}

/** Dates remembered per view: those that every evaluation looks at. */
const REMEMBERED_DATES_MAX = 64;
const remembered = new WeakMap<PlanView, Map<string, readonly PlannedOccurrence[]>>();

/**
 * Everything planned on one local date, by due time; left-out occurrences included. Pure: a view
 * never changes, so its dates are worked out once.
 */
export function plannedOn(view: PlanView, date: string): readonly PlannedOccurrence[] {
  let dates = remembered.get(view);
  if (dates === undefined || dates.size >= REMEMBERED_DATES_MAX) {
    dates = new Map();
    remembered.set(view, dates);
  }
  let found = dates.get(date);
  if (found === undefined) {
    found = workOut(view, date);
    dates.set(date, found);
  }
  return found;
}

function workOut(view: PlanView, date: string): readonly PlannedOccurrence[] {
  const { zone } = view.settings;
  const vacation = vacationOn(view.overlays, date);
  const planId = planIdOn(view, vacation);
  if (planId === null || !hasDate(zone, date)) return [];
  const weekday = weekdayOf(date);
  const found: PlannedOccurrence[] = [];
  for (const meal of view.meals) {
    if (meal.planId !== planId || !meal.enabled || !meal.weekdays.includes(weekday)) continue;
    found.push(planned(view, meal, date, vacation));
  }
  return found.sort(byDueTime);
}

/** Everything planned on local dates from..to, both included. */
export function plannedBetween(
  view: PlanView,
  fromDate: string,
  toDate: string,
): PlannedOccurrence[] {
  const found: PlannedOccurrence[] = [];
  const last = dayNumber(toDate);
  // By number: as text, the date after 9999-12-31 comes before it, and the loop would not end.
  for (let day = dayNumber(fromDate); day <= last; day++) {
    found.push(...plannedOn(view, dateOfDay(day)));
  }
  return found.sort(byDueTime);
}

/**
 * Whether an occurrence is one of an earlier form of the plan, closed before it was edited. An
 * edit that lies ahead was made under a wrong clock and counts for nothing.
 */
export function isEarlierForm(planned: PlannedOccurrence, wallMs: EpochMs): boolean {
  return planned.formFromMs <= wallMs && planned.occurrence.dueAtMs <= planned.formFromMs;
}

/** By due time; the key breaks ties, so that an order never depends on storage. */
export function byDueTime(a: PlannedOccurrence, b: PlannedOccurrence): number {
  const difference = a.occurrence.dueAtMs - b.occurrence.dueAtMs;
  return difference !== 0 ? difference : a.occurrence.key < b.occurrence.key ? -1 : 1;
}

/** The pause in force at an instant: it began when it was made, and ends by itself. */
export function pauseAt(overlays: readonly Overlay[], atMs: EpochMs): Pause | null {
  for (const overlay of overlays) {
    if (overlay.kind !== 'pause') continue;
    if (overlay.createdAtMs <= atMs && atMs < overlay.untilMs) return overlay;
  }
  return null;
}

/** The vacation that covers a local date; of several the one made last. */
export function vacationOn(overlays: readonly Overlay[], date: string): Vacation | null {
  let found: Vacation | null = null;
  for (const overlay of overlays) {
    if (overlay.kind !== 'vacation' || date < overlay.fromDate || date > overlay.toDate) continue;
    if (found === null || isMadeLater(overlay, found)) found = overlay;
  }
  return found;
}

function isMadeLater(a: Vacation, b: Vacation): boolean {
  return a.createdAtMs === b.createdAtMs ? a.id > b.id : a.createdAtMs > b.createdAtMs;
}

/** A vacation's plan, while it exists; else the active one. */
function planIdOn(view: PlanView, vacation: Vacation | null): string | null {
  const wanted = vacation?.planId ?? null;
  if (wanted !== null && view.plans.some((plan) => plan.id === wanted)) return wanted;
  return view.settings.activePlanId;
}

function planned(
  view: PlanView,
  meal: Meal,
  date: string,
  vacation: Vacation | null,
): PlannedOccurrence {
  const due = dueInstant(view.settings, meal, date);
  const portionGrams = portionOf(meal, vacation);
  const key = occurrenceKey(meal.id, date);
  const leftOut = leftOutBy(view.overlays, { mealId: meal.id, date, dueAtMs: due.epochMs });
  const isOtherPlan = vacation !== null && meal.planId !== view.settings.activePlanId;
  const vacationWords =
    vacation !== null && vacation.portionFactor !== 1
      ? ` (${Math.round(vacation.portionFactor * 100)} % of ${grams(meal.portionGrams)})`
      : '';
  return {
    occurrence: {
      key,
      mealId: meal.id,
      mealName: meal.name,
      petId: meal.petId,
      localDate: date,
      localTime: due.localTime,
      dueAtMs: due.epochMs,
      portionGrams,
      state: 'planned',
      verdict: null,
      rule: null,
      feedingId: null,
      servedGrams: null,
      decidedAtMs: null,
      why: `Planned for ${due.localTime}${due.note}: ${grams(portionGrams)}${vacationWords}.`,
    },
    meal,
    formFromMs: isOtherPlan
      ? Math.max(meal.effectiveFromMs, vacation.createdAtMs)
      : meal.effectiveFromMs,
    leftOut,
    vacation,
    shift: due.shift,
  };
}

function portionOf(meal: Meal, vacation: Vacation | null): Grams {
  const wanted = roundGrams(meal.portionGrams * (vacation?.portionFactor ?? 1));
  return Math.min(FEEDING_GRAMS_CEILING, Math.max(PORTION_GRAMS_MIN, wanted));
}

function leftOutBy(
  overlays: readonly Overlay[],
  due: { mealId: string; date: string; dueAtMs: EpochMs },
): LeftOut | null {
  for (const overlay of overlays) {
    if (overlay.kind !== 'skip') continue;
    if (overlay.mealId === due.mealId && overlay.date === due.date) return { rule: 'skip_overlay' };
  }
  const pause = pauseAt(overlays, due.dueAtMs);
  return pause === null ? null : { rule: 'paused', untilMs: pause.untilMs };
}

interface DueInstant {
  readonly epochMs: EpochMs;
  /** The time of day as the owner reads it: the plan's, or the sun's of this date. */
  readonly localTime: string;
  readonly shift: OffsetShift;
  readonly note: string;
}

function dueInstant(settings: Settings, meal: Meal, date: string): DueInstant {
  const { zone } = settings;
  if (typeof meal.time === 'string') {
    const { epochMs, shift } = instantOf(zone, date, meal.time);
    return { epochMs, localTime: meal.time, shift, note: shiftNotes[shift ?? 'none'] };
  }
  const sun = sunTime(meal.time.sun, { zone, date, place: settings.location });
  const epochMs = sun.epochMs + meal.time.offsetMinutes * 60_000;
  const note =
    sun.kind === 'fallback' ? ` (${fallbackNotes[sun.reason]})` : ` (by ${meal.time.sun})`;
  return { epochMs, localTime: localTimeOf(zone, epochMs), shift: null, note };
}

const shiftNotes = {
  none: '',
  gap: ' (the clocks go forward over this time: due right after)',
  overlap: ' (the clocks go back over this time: due at the first)',
} as const;

const fallbackNotes = {
  polar_day: 'the sun does not set on this date, so by a fixed time',
  polar_night: 'the sun does not rise on this date, so by a fixed time',
  no_location: 'the feeder does not know its location, so by a fixed time',
} as const;
