import {
  defaultSettings,
  type EpochMs,
  type Meal,
  type Milliseconds,
  type Overlay,
  type Settings,
} from '@cat-feeder/shared';
import {
  dateOfDays,
  daysOfDate,
  instantOf,
  localDate,
  weekdayOfDays,
} from './independent-calendar.ts';
import type { AuditEntry } from './ledger-reader.ts';

/** The plan between two edits, as the ledger has it. */
export interface PlanForm {
  readonly fromMs: EpochMs;
  readonly settings: Settings;
  readonly plans: ReadonlySet<string>;
  readonly meals: ReadonlyMap<string, Meal>;
  readonly overlays: ReadonlyMap<string, Overlay>;
}

/** An occurrence that came due under the plan as it stood. */
export interface DueTruth {
  readonly key: string;
  readonly dueMs: EpochMs;
  readonly portionGrams: number;
  readonly isPaused: boolean;
  readonly isSkipped: boolean;
  readonly meal: Meal;
}

type DocChange = Extract<AuditEntry, { name: 'doc.changed' }>['body'];

/** An occurrence keeps its date, so no edit moves it further than this. */
const AHEAD_MS: Milliseconds = 3 * 24 * 3_600_000;
/** An edit and the instant beside it leave it open which form of the plan was meant. */
const EDIT_MARGIN_MS: Milliseconds = 2000;

/**
 * The plan over time, put together from `doc.changed` entries alone, and what came due under it
 * by the simulator's own calendar. Instants are the true ones, whatever the feeder's clock said.
 */
export class PlanTruth {
  #forms: PlanForm[] = [];
  /** True instants at which the plan was edited while the feeder's clock was wrong. */
  readonly #doubtful: EpochMs[] = [];

  constructor(startMs: EpochMs) {
    this.#forms.push({
      fromMs: startMs,
      settings: defaultSettings,
      plans: new Set(),
      meals: new Map(),
      overlays: new Map(),
    });
  }

  get now(): PlanForm {
    const last = this.#forms.at(-1);
    if (last === undefined) throw new RangeError('A plan has at least its first form.');
    return last;
  }

  /** Takes over one change; only those that concern the schedule or the caps make a new form. */
  change(doc: DocChange, trueMs: EpochMs, isClockRight: boolean): void {
    const fields: Record<string, unknown> = Object.assign({}, ...Object.values(doc.groups));
    const { now } = this;
    const next = { ...now, fromMs: trueMs };
    const entity = { ...fields, id: doc.id, rev: doc.rev };
    if (doc.kind === 'settings') this.#push({ ...next, settings: { ...now.settings, ...fields } });
    else if (doc.kind === 'meal') {
      this.#push({ ...next, meals: withEntry(now.meals, doc, entity as unknown as Meal) });
    } else if (doc.kind === 'overlay') {
      this.#push({ ...next, overlays: withEntry(now.overlays, doc, entity as unknown as Overlay) });
    } else if (doc.kind === 'plan') {
      const plans = new Set(now.plans);
      if (doc.deleted) plans.delete(doc.id);
      else plans.add(doc.id);
      this.#push({ ...next, plans });
    } else return;
    if (!isClockRight) this.#doubtful.push(trueMs);
  }

  /** The form in force at an instant. */
  at(trueMs: EpochMs): PlanForm {
    for (let i = this.#forms.length - 1; i > 0; i--) {
      const form = this.#forms[i];
      if (form !== undefined && form.fromMs <= trueMs) return form;
    }
    return this.#forms[0] ?? this.now;
  }

  /** Whether the plan was edited under a wrong clock within a day and a half of an instant. */
  isDoubtful(trueMs: EpochMs): boolean {
    return this.#doubtful.some((at) => Math.abs(at - trueMs) < 36 * 3_600_000);
  }

  /** What came due in (fromMs, toMs], each under the form in force at its due time. */
  dueBetween(fromMs: EpochMs, toMs: EpochMs): DueTruth[] {
    const found: DueTruth[] = [];
    this.#forms.forEach((form, index) => {
      const endMs = this.#forms[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      const from = Math.max(fromMs, form.fromMs + EDIT_MARGIN_MS);
      const to = Math.min(toMs, endMs - EDIT_MARGIN_MS);
      if (from < to) found.push(...dueUnder(form, from, to));
    });
    return found;
  }

  /** When an edit within a stretch moved an occurrence to a later time; null when none did. */
  movedOnAt(key: string, fromMs: EpochMs, toMs: EpochMs): EpochMs | null {
    for (const form of this.#forms) {
      if (form.fromMs <= fromMs || form.fromMs > toMs) continue;
      const ahead = dueUnder(form, form.fromMs, form.fromMs + AHEAD_MS);
      if (ahead.some((due) => due.key === key)) return form.fromMs;
    }
    return null;
  }

  /** Forgets forms that ended before an instant. */
  forgetBefore(trueMs: EpochMs): void {
    while (this.#forms.length > 1 && (this.#forms[1]?.fromMs ?? trueMs) < trueMs) {
      this.#forms.shift();
    }
  }

  #push(form: PlanForm): void {
    if (this.now.fromMs === form.fromMs) this.#forms.pop();
    this.#forms.push(form);
  }
}

function withEntry<T>(
  map: ReadonlyMap<string, T>,
  doc: { readonly id: string; readonly deleted: boolean },
  value: T,
): ReadonlyMap<string, T> {
  const copy = new Map(map);
  if (doc.deleted) copy.delete(doc.id);
  else copy.set(doc.id, value);
  return copy;
}

/** Everything due in (fromMs, toMs] under one form. */
export function dueUnder(form: PlanForm, fromMs: EpochMs, toMs: EpochMs): DueTruth[] {
  const { zone } = form.settings;
  const found: DueTruth[] = [];
  const first = daysOfDate(localDate(zone, fromMs)) - 1;
  const last = daysOfDate(localDate(zone, toMs)) + 1;
  for (let day = first; day <= last; day++) {
    for (const due of dueOnDay(form, day)) {
      if (due.dueMs > fromMs && due.dueMs <= toMs) found.push(due);
    }
  }
  return found.sort((a, b) => a.dueMs - b.dueMs);
}

/** Forms never change, so a day of one is worked out once. */
const daysOfForms = new WeakMap<PlanForm, Map<number, readonly DueTruth[]>>();

function dueOnDay(form: PlanForm, day: number): readonly DueTruth[] {
  let days = daysOfForms.get(form);
  if (days === undefined) {
    days = new Map();
    daysOfForms.set(form, days);
  }
  let due = days.get(day);
  if (due === undefined) {
    due = workOutDay(form, day);
    days.set(day, due);
  }
  return due;
}

function workOutDay(form: PlanForm, day: number): DueTruth[] {
  const { zone } = form.settings;
  const found: DueTruth[] = [];
  const date = dateOfDays(day);
  const vacation = vacationOn(form, date);
  const planId = vacation?.planId ?? null;
  const active = planId !== null && form.plans.has(planId) ? planId : form.settings.activePlanId;
  for (const meal of form.meals.values()) {
    if (meal.planId !== active || !meal.enabled) continue;
    if (!meal.weekdays.includes(weekdayOfDays(day)) || typeof meal.time !== 'string') continue;
    const dueMs = instantOf(zone, date, minuteOfTime(meal.time));
    found.push({
      key: `${meal.id}@${date}`,
      dueMs,
      portionGrams: meal.portionGrams * (vacation?.portionFactor ?? 1),
      isPaused: isPausedAt(form, dueMs),
      isSkipped: isSkipped(form, meal.id, date),
      meal,
    });
  }
  return found;
}

function minuteOfTime(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function vacationOn(form: PlanForm, date: string) {
  let found: Extract<Overlay, { kind: 'vacation' }> | null = null;
  for (const overlay of form.overlays.values()) {
    if (overlay.kind !== 'vacation' || date < overlay.fromDate || date > overlay.toDate) continue;
    if (found === null || overlay.createdAtMs >= found.createdAtMs) found = overlay;
  }
  return found;
}

/** Whether a pause of the plan holds at an instant. */
export function isPausedAt(form: PlanForm, atMs: EpochMs): boolean {
  for (const overlay of form.overlays.values()) {
    if (overlay.kind === 'pause' && overlay.createdAtMs <= atMs && atMs < overlay.untilMs) {
      return true;
    }
  }
  return false;
}

/** Whether a pause held at any time in a stretch. */
export function wasPaused(form: PlanForm, fromMs: EpochMs, toMs: EpochMs): boolean {
  for (const overlay of form.overlays.values()) {
    if (overlay.kind !== 'pause') continue;
    if (overlay.createdAtMs <= toMs && fromMs < overlay.untilMs) return true;
  }
  return false;
}

function isSkipped(form: PlanForm, mealId: string, date: string): boolean {
  for (const overlay of form.overlays.values()) {
    if (overlay.kind === 'skip' && overlay.mealId === mealId && overlay.date === date) return true;
  }
  return false;
}
