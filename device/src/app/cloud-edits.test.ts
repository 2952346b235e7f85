import { type DocState, type Meal, type MealInput, makeHlc } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import type { PlanView } from '../scheduling/schedule-store.ts';
import { CloudEdits } from './cloud-edits.ts';

const NEW_ID = '7'.repeat(26);

function bench() {
  const { store, clock } = memoryStore();
  const plan = store.plans.add({ name: 'Plan' });
  const pet = store.pets.add({
    name: 'Mia',
    bodyKg: 4,
    lifeStage: null,
    rationGrams: null,
    note: '',
  });
  const kibble = store.kibbles.add({
    name: 'Fish',
    kcalPer100g: 380,
    model: null,
    calibratedAtMs: null,
  });
  const input: MealInput = {
    ...{ name: 'Breakfast', time: '07:00', weekdays: [1, 2, 3], portionGrams: 20 },
    ...{ petId: pet.id, missedPolicy: 'skip', enabled: true },
  };
  const meal = store.meals.add({ ...input, planId: plan.id, effectiveFromMs: 0 } as Omit<
    Meal,
    'id' | 'rev'
  >);
  store.settings.change({ activePlanId: plan.id, activeKibbleId: kibble.id, cameraOn: false });
  const decided: PlanView[] = [];
  let looked = 0;
  const edits = new CloudEdits({
    store,
    time: clock,
    schedule: {
      beforeEdit: (after) => void decided.push(after),
      planChanged: () => {
        looked += 1;
      },
      next: () => null,
    },
    view: () => ({
      settings: store.settings.get(),
      plans: store.plans.list(),
      meals: store.meals.list(),
      overlays: store.overlays.list(),
    }),
  });
  store.sync.watchEdits(edits);
  const doc = (kind: string, id: string): DocState => {
    const found = store.sync.doc(kind, id);
    if (found === undefined) throw new Error(`There is no ${kind} ${id}.`);
    return found;
  };
  /** The document with one group changed, as a mutation would leave it. */
  const changed = (kind: string, id: string, groups: DocState['groups']): DocState => {
    const before = doc(kind, id);
    const merged = Object.entries(groups).map(([name, fields]) => [
      name,
      { ...before.groups[name], ...fields },
    ]);
    return {
      ...before,
      rev: before.rev + 1,
      groups: { ...before.groups, ...Object.fromEntries(merged) },
    };
  };
  const single = '0'.repeat(26);
  return {
    store,
    edits,
    doc,
    changed,
    plan,
    pet,
    kibble,
    meal,
    single,
    decided,
    looked: () => looked,
  };
}

describe('an edit from the cloud', () => {
  it('may be what an edit on the page may be', () => {
    const { edits, changed, meal, pet, plan, kibble, single } = bench();
    const good = [
      changed('meal', meal.id, { timing: { time: '08:00' } }),
      changed('meal', meal.id, { portion: { portionGrams: 25 }, enabled: { enabled: false } }),
      changed('pet', pet.id, { label: { name: 'Mimi' } }),
      changed('plan', plan.id, { label: { name: 'Every day' } }),
      changed('kibble', kibble.id, { energy: { kcalPer100g: 400 } }),
      changed('settings', single, { label: { name: 'Kitchen' }, place: { zone: 'Europe/Berlin' } }),
    ];
    for (const doc of good) expect([doc.kind, edits.validate(doc)]).toEqual([doc.kind, null]);
  });

  it.each([
    ['C1 a looser cap', 'settings', { caps: { dayGramsMax: 250 } }, 'caps'],
    ['C2 the camera on', 'settings', { camera: { cameraOn: true } }, 'camera'],
    ['caps that contradict', 'settings', { caps: { hourGramsMax: 50 } }, 'feedingGramsMax'],
    ['C4 a plan that is not there', 'settings', { plan: { activePlanId: NEW_ID } }, 'plan'],
    ['C4 a food that is not there', 'settings', { kibble: { activeKibbleId: NEW_ID } }, 'kibble'],
    ['a zone that is none', 'settings', { place: { zone: 'Mars/Olympus' } }, 'settings'],
    ['C3 another flow of a food', 'kibble', { model: { model: { a: 1 } } }, 'kibble'],
    ['C3 a food as never learned', 'kibble', { model: { calibratedAtMs: 5 } }, 'learned'],
    ['a portion beyond any feeder', 'meal', { portion: { portionGrams: 1000 } }, 'not a meal'],
    ['a time that is none', 'meal', { timing: { time: '25:00' } }, 'not a meal'],
    ['a meal of the future', 'meal', { timing: { effectiveFromMs: 9e14 } }, 'future'],
    ['C4 a pet that is not there', 'meal', { pet: { petId: NEW_ID } }, 'pet'],
    ['a field in a wrong group', 'meal', { label: { portionGrams: 30 } }, 'wrong group'],
    ['a group that is none', 'meal', { portion: { grams: 30 } }, 'wrong group'],
    ['a nameless pet', 'pet', { label: { name: '' } }, 'not a pet'],
  ] as const)('%s is refused', (_, kind, groups, why) => {
    const { edits, changed, meal, pet, kibble, single } = bench();
    const ids: Record<string, string> = {
      settings: single,
      kibble: kibble.id,
      meal: meal.id,
      pet: pet.id,
    };
    const asked = changed(kind, ids[kind] ?? '', groups as unknown as DocState['groups']);
    expect(edits.validate(asked)).toContain(why);
  });

  it.each(['calibration', 'hopper_calibration', 'unnamed_kibble', 'robot'])(
    'C3 of %s is refused',
    (kind) => {
      const { edits, meal, doc } = bench();
      const foreign = { ...doc('meal', meal.id), kind };
      expect(edits.validate(foreign)).toBe('edited at the feeder only');
      expect(edits.validate({ ...foreign, deleted: true, groups: {} })).not.toBe(null);
    },
  );

  it('C4 deletes nothing that something else needs', () => {
    const { edits, doc, store, meal, pet, plan, kibble, single } = bench();
    const gone = (kind: string, id: string) =>
      edits.validate({ ...doc(kind, id), deleted: true, groups: {} });
    expect(gone('plan', plan.id)).toContain('followed');
    expect(gone('pet', pet.id)).toContain('meals');
    expect(gone('kibble', kibble.id)).toContain('hopper');
    expect(gone('settings', single)).toContain('never');
    expect(gone('meal', meal.id)).toBe(null);
    store.meals.remove(meal.id);
    expect(gone('pet', pet.id)).toBe(null);
  });

  it('is known to the running schedule before it holds, and after', () => {
    const { store, changed, meal, decided, looked } = bench();
    const edited = changed('meal', meal.id, { timing: { time: '08:00' } });
    store.sync.transact('test', () => store.sync.putDoc(edited));
    expect(decided.at(-1)?.meals).toMatchObject([{ id: meal.id, time: '08:00', rev: 2 }]);
    expect(looked()).toBe(1);
    const gone = { ...edited, rev: 3, deleted: true, groups: {}, stamps: {} };
    store.sync.transact('test', () => store.sync.putDoc(gone));
    expect(decided.at(-1)?.meals).toEqual([]);
    const { single } = { single: '0'.repeat(26) };
    store.sync.transact('test', () =>
      store.sync.putDoc(changed('settings', single, { place: { zone: 'Europe/Berlin' } })),
    );
    expect(decided.at(-1)?.settings.zone).toBe('Europe/Berlin');
  });

  it('is none of the schedule’s business when it is about a pet', () => {
    const { store, changed, pet, decided, looked } = bench();
    store.sync.transact('test', () =>
      store.sync.putDoc(changed('pet', pet.id, { label: { name: 'Mimi' } })),
    );
    expect([decided.length, looked()]).toEqual([0, 0]);
    expect(store.pets.get(pet.id)?.name).toBe('Mimi');
  });

  it('keeps to the rules of overlays, too', () => {
    const { edits, meal } = bench();
    const overlay = (fields: Record<string, unknown>): DocState => ({
      ...{ kind: 'overlay', id: NEW_ID, rev: 1, deleted: false },
      groups: { rest: { createdAtMs: 0, ...fields } },
      stamps: { rest: { rev: 1, hlc: makeHlc(0), tq: 2 } },
    });
    expect(edits.validate(overlay({ kind: 'pause', untilMs: 1 }))).not.toBe(null);
    expect(edits.validate(overlay({ kind: 'skip', mealId: NEW_ID, date: '2026-11-23' }))).not.toBe(
      null,
    );
    expect(edits.validate(overlay({ kind: 'party' }))).toBe('not an overlay');
    expect(meal.rev).toBe(1);
  });
});
