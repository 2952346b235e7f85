import {
  FeederError,
  MEALS_PER_PLAN_MAX,
  type Meal,
  type MealInput,
  type Occurrence,
  type Overlay,
  type OverlayInput,
  PLANS_MAX,
  type Plan,
  type PlanInput,
  type Settings,
  type SettingsPatch,
} from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { Collection, Single } from '../platform/collection.ts';
import { OverlayRules } from './overlay-rules.ts';
import type { PlanView } from './schedule-store.ts';

/** What the running schedule must know of edits; the scheduler implements it. */
export interface ScheduleEdits {
  /** Decides what is due under the present form. Throws `ERR_STORAGE`; then nothing is edited. */
  beforeEdit(after: PlanView): void;
  planChanged(): void;
  next(): Occurrence | null;
}

export interface PlanBookParts {
  readonly plans: Collection<Plan>;
  readonly meals: Collection<Meal>;
  readonly overlays: Collection<Overlay>;
  readonly settings: Single<Settings>;
  readonly time: StationClock;
  readonly schedule: ScheduleEdits;
  /** Whether the things that plans and settings refer to exist. */
  readonly hasPet: (petId: string) => boolean;
  readonly hasKibble: (kibbleId: string) => boolean;
}

/** A change as it comes over the API: a field that is undefined is left alone. */
type MealPatch = Loose<Omit<Meal, 'id' | 'rev' | 'planId' | 'effectiveFromMs'>>;
type Loose<T> = { [K in keyof T]?: T[K] | undefined };

/** The name of the plan that comes into being with the first meal. */
const FIRST_PLAN_NAME = 'Plan';

/**
 * Plans, meals, overlays and settings, with the rules between them. Every edit first lets the
 * schedule decide what is due under the old form, then takes effect from that instant.
 */
export class PlanBook {
  readonly #parts: PlanBookParts;
  readonly #overlayRules: OverlayRules;

  constructor(parts: PlanBookParts) {
    this.#parts = parts;
    this.#overlayRules = new OverlayRules(parts);
  }

  /** The plan as a whole. */
  view(): PlanView {
    return {
      settings: this.#parts.settings.get(),
      plans: this.#parts.plans.list(),
      meals: this.#parts.meals.list(),
      overlays: this.#parts.overlays.list(),
    };
  }

  plans(): readonly Plan[] {
    return this.#parts.plans.list();
  }

  /** `ERR_BUSINESS_RULE` beyond 20 plans. */
  addPlan(input: PlanInput): Plan {
    if (this.plans().length >= PLANS_MAX) throw tooMany('plans', PLANS_MAX);
    return this.#parts.plans.add({ name: input.name });
  }

  changePlan(id: string, patch: Loose<PlanInput>, expectedRev?: number): Plan {
    return this.#parts.plans.change(id, withoutUndefined(patch), expectedRev);
  }

  /** Removes a plan with its meals. The active one, and one that a vacation uses, stay. */
  removePlan(id: string): void {
    this.#plan(id);
    if (this.settings().activePlanId === id) {
      throw rule('id', 'the active plan cannot be removed; activate another one first');
    }
    const user = this.overlays().find(
      ({ kind, ...rest }) => 'planId' in rest && rest.planId === id,
    );
    if (user !== undefined) {
      throw rule('id', `the vacation ${user.id} uses this plan; remove it first`);
    }
    for (const meal of this.meals(id)) this.#parts.meals.remove(meal.id);
    this.#parts.plans.remove(id);
    this.#parts.schedule.planChanged();
  }

  /** Makes a plan the active one; null switches the schedule off. */
  activatePlan(id: string | null): Settings {
    if (id !== null) this.#plan(id);
    return this.changeSettings({ activePlanId: id });
  }

  /** The meals of one plan, or of all. */
  meals(planId?: string): readonly Meal[] {
    const all = this.#parts.meals.list();
    return planId === undefined ? all : all.filter((meal) => meal.planId === planId);
  }

  /** Adds to the plan named, or the active one; the first meal of all brings an active plan along. */
  addMeal(input: MealInput): Meal {
    this.#checkPet(input.petId);
    const planId = input.planId ?? this.settings().activePlanId;
    if (planId !== null) this.#plan(planId);
    else if (this.plans().length > 0) {
      throw rule('planId', 'no plan is active; name the plan, or activate one first');
    }
    if (planId !== null && this.meals(planId).length >= MEALS_PER_PLAN_MAX) {
      throw tooMany('meals', MEALS_PER_PLAN_MAX);
    }
    return this.#edit(this.view(), () =>
      this.#parts.meals.add({
        ...input,
        planId: planId ?? this.#firstPlan(),
        effectiveFromMs: this.#nowMs(),
      }),
    );
  }

  changeMeal(id: string, patch: MealPatch, expectedRev?: number): Meal {
    const meal = this.#meal(id);
    if (expectedRev !== undefined && expectedRev !== meal.rev)
      throw new FeederError('ERR_CONFLICT');
    this.#checkPet(patch.petId ?? null);
    const wanted = withoutUndefined(patch);
    const change = isNewForm(meal, wanted) ? { ...wanted, effectiveFromMs: this.#nowMs() } : wanted;
    const meals = this.meals().map((other) => (other.id === id ? { ...other, ...change } : other));
    return this.#edit({ ...this.view(), meals }, () =>
      this.#parts.meals.change(id, change, expectedRev),
    );
  }

  removeMeal(id: string): void {
    this.#meal(id);
    const meals = this.meals().filter((other) => other.id !== id);
    this.#edit({ ...this.view(), meals }, () => this.#parts.meals.remove(id));
  }

  overlays(): readonly Overlay[] {
    return this.#parts.overlays.list();
  }

  /** Rules: overlay-rules.ts. A skip that exists already is given back as it is. */
  addOverlay(input: OverlayInput): Overlay {
    const known = this.#overlayRules.check(input, this.view());
    if (known !== null) return known;
    const draft = { ...input, createdAtMs: this.#nowMs() };
    const overlays = [...this.overlays(), { ...draft, id: '', rev: 0 }];
    return this.#edit({ ...this.view(), overlays }, () => {
      for (const ended of this.#overlayRules.ended(this.view())) {
        this.#parts.overlays.remove(ended.id);
      }
      return this.#parts.overlays.add(draft);
    });
  }

  removeOverlay(id: string): void {
    if (this.#parts.overlays.get(id) === undefined) throw new FeederError('ERR_NOT_FOUND');
    const overlays = this.overlays().filter((other) => other.id !== id);
    this.#edit({ ...this.view(), overlays }, () => this.#parts.overlays.remove(id));
  }

  /** Leaves out the next planned occurrence. `ERR_CONFLICT` when there is none. */
  skipNext(): Overlay {
    const next = this.#parts.schedule.next();
    if (next === null) {
      throw new FeederError('ERR_CONFLICT', {
        message: 'No meal is to come that could be left out.',
      });
    }
    return this.addOverlay({ kind: 'skip', mealId: next.mealId, date: next.localDate });
  }

  settings(): Settings {
    return this.#parts.settings.get();
  }

  changeSettings(patch: SettingsPatch, expectedRev?: number): Settings {
    const settings = this.settings();
    if (expectedRev !== undefined && expectedRev !== settings.rev) {
      throw new FeederError('ERR_CONFLICT');
    }
    const { activePlanId, activeKibbleId } = patch;
    if (activePlanId !== undefined && activePlanId !== null) this.#plan(activePlanId);
    if (activeKibbleId !== undefined && activeKibbleId !== null) {
      if (!this.#parts.hasKibble(activeKibbleId)) {
        throw rule('activeKibbleId', 'there is no kibble with this id');
      }
    }
    const change = withoutUndefined(patch);
    return this.#edit({ ...this.view(), settings: { ...settings, ...change } }, () =>
      this.#parts.settings.change(change, expectedRev),
    );
  }

  /**
   * Verdicts that the edit makes necessary, then the edit. The schedule looks again in either case:
   * when the disk refuses the edit, verdicts that it would have made necessary are void.
   */
  #edit<T>(after: PlanView, write: () => T): T {
    this.#parts.schedule.beforeEdit(after);
    try {
      return write();
    } finally {
      this.#parts.schedule.planChanged();
    }
  }

  #plan(id: string): Plan {
    const plan = this.#parts.plans.get(id);
    if (plan === undefined) throw new FeederError('ERR_NOT_FOUND');
    return plan;
  }

  #meal(id: string): Meal {
    const meal = this.#parts.meals.get(id);
    if (meal === undefined) throw new FeederError('ERR_NOT_FOUND');
    return meal;
  }

  #checkPet(petId: string | null): void {
    if (petId !== null && !this.#parts.hasPet(petId)) {
      throw rule('petId', 'there is no pet with this id');
    }
  }

  #firstPlan(): string {
    const plan = this.addPlan({ name: FIRST_PLAN_NAME });
    this.#parts.settings.change({ activePlanId: plan.id });
    return plan.id;
  }

  /** 0 while the clock is unknown: the edit then holds for all time. */
  #nowMs(): number {
    const { wallMs, quality } = this.#parts.time.now();
    return quality === 'unknown' ? 0 : wallMs;
  }
}

/** Another name or portion is no new form: a meal that is due and still waits goes on waiting. */
function isNewForm(meal: Meal, change: Partial<Meal>): boolean {
  const { time, weekdays, enabled } = { ...meal, ...change };
  return (
    enabled !== meal.enabled ||
    JSON.stringify([time, weekdays]) !== JSON.stringify([meal.time, meal.weekdays])
  );
}

function withoutUndefined<T extends object>(
  patch: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function rule(path: string, message: string): FeederError {
  return new FeederError('ERR_BUSINESS_RULE', { details: [{ path, message }] });
}

function tooMany(what: string, max: number): FeederError {
  return rule(what, `at most ${max} ${what}`);
}
