import {
  canonicalJson,
  type DocState,
  FeederError,
  KIBBLES_MAX,
  KibbleSchema,
  MEALS_PER_PLAN_MAX,
  type Meal,
  MealSchema,
  type Overlay,
  OverlayInputSchema,
  PETS_MAX,
  PetSchema,
  PLANS_MAX,
  type Plan,
  PlanSchema,
  type Settings,
  SettingsSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { StationClock } from '../platform/clock.ts';
import { OverlayRules } from '../scheduling/overlay-rules.ts';
import type { ScheduleEdits } from '../scheduling/plan-book.ts';
import type { PlanView } from '../scheduling/schedule-store.ts';
import {
  type DocumentKind,
  fromGroups,
  type Groups,
  toGroups,
} from '../storage/document-groups.ts';
import type { SyncEdits } from '../storage/sqlite-sync-store.ts';
import type { DeviceStore } from '../storage/store.ts';

/** A cloud's clock may be this far ahead of the feeder's. */
const AHEAD_MS = 60_000;
const capFields = ['feedingGramsMax', 'hourGramsMax', 'dayGramsMax', 'planPercentMax'] as const;

type Doc = DocState & { readonly fields: Record<string, unknown> };
type Rule = (doc: Doc) => string | null;

export interface CloudEditsParts {
  readonly store: DeviceStore;
  readonly time: StationClock;
  readonly schedule: ScheduleEdits;
  /** The plan as a whole, as it is now. */
  readonly view: () => PlanView;
}

/**
 * What an edit from the cloud must fulfil, and what the running schedule must know of it: the same
 * as of an edit on the page, whoever makes it.
 *
 * C1 Caps are loosened at the feeder only; the cloud may make them stricter.
 * C2 The camera is switched on, and clips are sent, by the feeder's own wish only.
 * C3 What the feeder has measured of itself (calibration, flow of a food) is not edited anywhere.
 * C4 Nothing is left that refers to something which is not there.
 */
export class CloudEdits implements SyncEdits {
  readonly #parts: CloudEditsParts;
  readonly #overlays: OverlayRules;
  readonly #rules: Readonly<Record<string, Rule>>;

  constructor(parts: CloudEditsParts) {
    this.#parts = parts;
    const { plans, meals } = parts.store;
    this.#overlays = new OverlayRules({ plans, meals, time: parts.time });
    this.#rules = {
      pet: (doc) => this.#pet(doc),
      kibble: (doc) => this.#kibble(doc),
      meal: (doc) => this.#meal(doc),
      plan: (doc) => this.#plan(doc),
      overlay: (doc) => this.#overlay(doc),
      settings: (doc) => this.#settings(doc),
    };
  }

  /** Why a document must not be, or not be deleted; null when it may. */
  validate(doc: DocState): string | null {
    const rule = this.#rules[doc.kind];
    if (rule === undefined) return 'edited at the feeder only';
    if (doc.deleted) return this.#deletion(doc);
    const fields = fromGroups(doc.groups as Groups);
    const sorted = toGroups(doc.kind as DocumentKind, fields);
    if (canonicalJson(sorted) !== canonicalJson(doc.groups)) return 'fields in a wrong group';
    return rule({ ...doc, fields });
  }

  /** Decides what is due under the old form, in the transaction of the edit. */
  before(doc: DocState): void {
    const after = this.#viewWith(doc);
    if (after !== null) this.#parts.schedule.beforeEdit(after);
  }

  after(doc: DocState): void {
    if (planKinds.has(doc.kind)) this.#parts.schedule.planChanged();
  }

  #pet(doc: Doc): string | null {
    if (!v.is(PetSchema, entityOf(doc))) return 'not a pet';
    return this.#isNewBeyond(doc, this.#parts.store.pets.list(), PETS_MAX) ? 'too many pets' : null;
  }

  /** C3. */
  #kibble(doc: Doc): string | null {
    if (!v.is(KibbleSchema, entityOf(doc))) return 'not a kibble';
    const before = this.#parts.store.sync.doc('kibble', doc.id);
    const model = before?.groups['model'] ?? { model: null, calibratedAtMs: null };
    if (!isSame(model, doc.groups['model'])) return 'learned by the feeder only';
    const { kibbles } = this.#parts.store;
    return this.#isNewBeyond(doc, kibbles.list(), KIBBLES_MAX) ? 'too many kibbles' : null;
  }

  #meal(doc: Doc): string | null {
    const parsed = v.safeParse(MealSchema, entityOf(doc));
    if (!parsed.success) return 'not a meal';
    const { store, time } = this.#parts;
    const { planId, petId, effectiveFromMs } = parsed.output;
    if (store.plans.get(planId) === undefined) return 'there is no such plan';
    if (petId !== null && store.pets.get(petId) === undefined) return 'there is no such pet';
    const { wallMs, quality } = time.now();
    if (quality !== 'unknown' && effectiveFromMs > wallMs + AHEAD_MS) return 'begins in the future';
    const ofPlan = store.meals.list().filter((meal) => meal.planId === planId);
    return this.#isNewBeyond(doc, ofPlan, MEALS_PER_PLAN_MAX) ? 'too many meals' : null;
  }

  #plan(doc: Doc): string | null {
    if (!v.is(PlanSchema, entityOf(doc))) return 'not a plan';
    const plans = this.#parts.store.plans.list();
    return this.#isNewBeyond(doc, plans, PLANS_MAX) ? 'too many plans' : null;
  }

  #overlay(doc: Doc): string | null {
    const { createdAtMs, ...input } = doc.fields;
    const parsed = v.safeParse(OverlayInputSchema, input);
    if (!parsed.success || typeof createdAtMs !== 'number') return 'not an overlay';
    try {
      const overlays = this.#parts.view().overlays.filter(({ id }) => id !== doc.id);
      this.#overlays.check(parsed.output, { ...this.#parts.view(), overlays });
      return null;
    } catch (error) {
      if (error instanceof FeederError) return error.details[0]?.message ?? error.message;
      throw error;
    }
  }

  /** C1, C2, C4. */
  #settings(doc: Doc): string | null {
    const { store } = this.#parts;
    const present = store.settings.get();
    const parsed = v.safeParse(SettingsSchema, { ...present, ...doc.fields, rev: doc.rev });
    if (!parsed.success) return 'not settings';
    const wanted = parsed.output;
    if (capFields.some((field) => wanted[field] > present[field])) {
      return 'caps are loosened at the feeder only';
    }
    if (wanted.cameraOn && !present.cameraOn) return 'the camera is switched on at the feeder only';
    if (wanted.cloudClips && !present.cloudClips) return 'clips are sent by the feeder’s wish only';
    if (wanted.feedingGramsMax > wanted.hourGramsMax) return 'feedingGramsMax over hourGramsMax';
    if (wanted.hourGramsMax > wanted.dayGramsMax) return 'hourGramsMax over dayGramsMax';
    const { activePlanId, activeKibbleId } = wanted;
    if (activePlanId !== null && store.plans.get(activePlanId) === undefined) {
      return 'there is no such plan';
    }
    if (activeKibbleId !== null && store.kibbles.get(activeKibbleId) === undefined) {
      return 'there is no such kibble';
    }
    return null;
  }

  /** C4. */
  #deletion({ kind, id }: DocState): string | null {
    const { store } = this.#parts;
    const settings = store.settings.get();
    const meals = store.meals.list();
    const overlays = store.overlays.list();
    if (kind === 'settings') return 'settings are never deleted';
    if (kind === 'kibble' && settings.activeKibbleId === id) return 'it is in the hopper';
    if (kind === 'pet' && meals.some(({ petId }) => petId === id)) return 'it has meals';
    if (kind === 'plan') {
      if (settings.activePlanId === id) return 'the plan is followed';
      if (meals.some(({ planId }) => planId === id)) return 'it has meals';
      const isUsed = overlays.some((overlay) => 'planId' in overlay && overlay.planId === id);
      if (isUsed) return 'a vacation uses it';
    }
    return null;
  }

  #isNewBeyond(doc: Doc, all: readonly { readonly id: string }[], max: number): boolean {
    return all.length >= max && !all.some(({ id }) => id === doc.id);
  }

  /** The plan as it will be; null: the edit is none of the schedule's business. */
  #viewWith(doc: DocState): PlanView | null {
    if (!planKinds.has(doc.kind)) return null;
    const view = this.#parts.view();
    const fields = fromGroups(doc.groups as Groups);
    if (doc.kind === 'settings') {
      return { ...view, settings: { ...view.settings, ...fields, rev: doc.rev } as Settings };
    }
    const entity = { ...fields, id: doc.id, rev: doc.rev };
    const replaced = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] => {
      const others = all.filter(({ id }) => id !== doc.id);
      return doc.deleted ? others : [...others, entity as unknown as T];
    };
    if (doc.kind === 'meal') return { ...view, meals: replaced<Meal>(view.meals) };
    if (doc.kind === 'plan') return { ...view, plans: replaced<Plan>(view.plans) };
    return { ...view, overlays: replaced<Overlay>(view.overlays) };
  }
}

const planKinds: ReadonlySet<string> = new Set(['meal', 'plan', 'overlay', 'settings']);

function entityOf({ fields, id, rev }: Doc): unknown {
  return { ...fields, id, rev };
}

function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other ?? null);
}
