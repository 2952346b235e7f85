import {
  type Conflict,
  FeederError,
  KibbleChangeSchema,
  KibbleInputSchema,
  MealChangeSchema,
  MealInputSchema,
  PetChangeSchema,
  PetInputSchema,
  PlanChangeSchema,
  PlanInputSchema,
  SettingsChangeSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ApiDeps } from '../api/deps.ts';
import { changeOf } from '../api/params.ts';
import { conflictOf, type FoundConflict, lostFields } from '../cloud/conflicts.ts';
import type { LogEntry } from '../storage/log-entry.ts';
import type { DeviceStore } from '../storage/store.ts';

/** The newest ones; what is older has been lived with. */
const CONFLICTS_MAX = 50;

type Settled = Readonly<Record<string, 'restored' | 'dismissed'>>;

export interface CloudConflictsParts {
  readonly store: Pick<DeviceStore, 'log' | 'state' | 'sync'>;
  /** The doors by which the page edits, too: what they refuse is refused here. */
  readonly pets: Pick<ApiDeps['pets'], 'add' | 'change'>;
  readonly kibbles: Pick<ApiDeps['kibbles'], 'add' | 'change'>;
  readonly plans: Pick<ApiDeps['plans'], 'addMeal' | 'changeMeal' | 'addPlan' | 'changePlan'>;
  readonly settings: Pick<ApiDeps['settings'], 'change'>;
}

/** How an edit of one kind is made again: on the document, or by a new one when it is gone. */
interface Door {
  change(id: string, fields: Record<string, unknown>): unknown;
  /** Null: what is gone stays so. */
  readonly add: ((fields: Record<string, unknown>) => unknown) | null;
  readonly patch: Shape;
  readonly input: Shape;
}
type Shape = v.GenericSchema & { readonly entries: Readonly<Record<string, unknown>> };

/**
 * Edits of the cloud and of the feeder that met: what was kept, what was not, and the way back. To
 * restore is an edit at the feeder like any other, by the same doors and rules, and travels to the
 * cloud like any other.
 */
export class CloudConflicts {
  readonly #parts: CloudConflictsParts;
  readonly #doors: Readonly<Record<string, Door>>;
  #found: FoundConflict[] | null = null;

  constructor(parts: CloudConflictsParts) {
    this.#parts = parts;
    this.#doors = doorsOf(parts);
    parts.store.log.onEntry((entry) => this.#note(entry));
  }

  /** The newest first. */
  list(): Conflict[] {
    const settled = this.#settled();
    return this.#known().map((found) => this.#view(found, settled));
  }

  /** How many nobody has looked at yet. */
  openCount(): number {
    const settled = this.#settled();
    return this.#known().filter(({ id }) => settled[id] === undefined).length;
  }

  /**
   * Makes the lost edit again. `ERR_NOT_FOUND`, `ERR_CONFLICT` when it cannot be, and whatever the
   * document's own door refuses it with.
   */
  restore(id: string): Conflict {
    const found = this.#get(id);
    const { canRestore, why } = this.#view(found, this.#settled());
    const door = this.#doors[found.kind];
    if (!canRestore || door === undefined) throw new FeederError('ERR_CONFLICT', { message: why });
    if (found.isGone) door.add?.(fieldsFor(door.input, found));
    else door.change(found.docId, fieldsFor(door.patch, found));
    return this.#settle(found, 'restored');
  }

  /** It is as it shall be. `ERR_NOT_FOUND`. */
  dismiss(id: string): Conflict {
    return this.#settle(this.#get(id), 'dismissed');
  }

  #get(id: string): FoundConflict {
    const found = this.#known().find((one) => one.id === id);
    if (found === undefined) {
      throw new FeederError('ERR_NOT_FOUND', { message: 'There is no such conflict.' });
    }
    return found;
  }

  #settle(found: FoundConflict, how: Settled[string]): Conflict {
    const known = new Set(this.#known().map(({ id }) => id));
    const kept = Object.entries(this.#settled()).filter(([id]) => known.has(id));
    const settled = { ...Object.fromEntries(kept), [found.id]: how };
    this.#parts.store.state.write('settled_conflicts', settled);
    return this.#view(found, settled);
  }

  #settled(): Settled {
    return this.#parts.store.state.read<Settled>('settled_conflicts') ?? {};
  }

  #view({ isGone, ...found }: FoundConflict, settled: Settled): Conflict {
    const state = settled[found.id] ?? 'open';
    const why = state === 'restored' ? 'It is restored already.' : this.#obstacle(found, isGone);
    const name = this.#nameOf(found.kind, found.docId);
    return { ...found, name, state, canRestore: why === '', why };
  }

  #obstacle(found: Omit<FoundConflict, 'isGone'>, isGone: boolean): string {
    const door = this.#doors[found.kind];
    const isNow = this.#parts.store.sync.doc(found.kind, found.docId);
    if (door === undefined) return 'It can only be made anew on its own page.';
    if (found.groups.every(({ lost }) => lost === null)) {
      return 'It was a deletion: delete it at the feeder, if it is to go.';
    }
    if (!isGone && isNow?.deleted !== false) return 'It has been deleted since.';
    const shape = isGone ? door.input : door.patch;
    const fields = fieldsFor(shape, found);
    if (isGone && door.add === null) return 'It has been deleted.';
    if (Object.keys(fields).length === 0) return 'The feeder finds these values out by itself.';
    // A document that is gone is made anew from all of it, or not at all.
    const isWhole = Object.keys(shape.entries).every((field) => Object.hasOwn(fields, field));
    if (isGone && !isWhole) return 'It was deleted, and not all of it is known.';
    return v.is(shape, fields) ? '' : 'The feeder does not take these values.';
  }

  #nameOf(kind: string, id: string): string | null {
    const doc = this.#parts.store.sync.doc(kind, id);
    const name = doc?.groups['label']?.['name'];
    return typeof name === 'string' ? name : null;
  }

  #known(): FoundConflict[] {
    if (this.#found !== null) return this.#found;
    this.#found = [];
    const entries = this.#parts.store.log.newest('mutation.closed');
    for (const entry of entries.toReversed()) this.#note(entry);
    return this.#found;
  }

  #note({ name, body, wallMs }: LogEntry): void {
    if (name !== 'mutation.closed' || this.#found === null) return;
    const found = conflictOf(body as Parameters<typeof conflictOf>[0], wallMs);
    if (found !== null) this.#found = [found, ...this.#found].slice(0, CONFLICTS_MAX);
  }
}

/** What of the lost fields people edit at the feeder. */
function fieldsFor(shape: Shape, found: Pick<FoundConflict, 'groups'>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(lostFields(found)).filter(([field]) => Object.hasOwn(shape.entries, field)),
  );
}

function doorsOf({ pets, kibbles, plans, settings }: CloudConflictsParts): Record<string, Door> {
  return {
    pet: {
      ...{ patch: PetChangeSchema, input: PetInputSchema },
      change: (id, fields) => pets.change(id, changeOf(v.parse(PetChangeSchema, fields)).patch),
      add: (fields) => pets.add(v.parse(PetInputSchema, fields)),
    },
    kibble: {
      ...{ patch: KibbleChangeSchema, input: KibbleInputSchema },
      change: (id, fields) =>
        kibbles.change(id, changeOf(v.parse(KibbleChangeSchema, fields)).patch),
      add: (fields) => {
        const kibble = v.parse(KibbleInputSchema, fields);
        return kibbles.add({ ...kibble, model: null, calibratedAtMs: null });
      },
    },
    meal: {
      ...{ patch: MealChangeSchema, input: MealInputSchema },
      change: (id, fields) =>
        plans.changeMeal(id, changeOf(v.parse(MealChangeSchema, fields)).patch),
      add: (fields) => plans.addMeal(v.parse(MealInputSchema, fields)),
    },
    plan: {
      ...{ patch: PlanChangeSchema, input: PlanInputSchema },
      change: (id, fields) =>
        plans.changePlan(id, changeOf(v.parse(PlanChangeSchema, fields)).patch),
      add: (fields) => plans.addPlan(v.parse(PlanInputSchema, fields)),
    },
    settings: {
      ...{ patch: SettingsChangeSchema, input: SettingsChangeSchema },
      change: (_id, fields) =>
        settings.change(changeOf(v.parse(SettingsChangeSchema, fields)).patch),
      add: null,
    },
  };
}
