import {
  applyMutation,
  type DocState,
  type Mutation,
  MutationSchema,
  makeHlc,
  toSyncDoc,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { codeOf } from '../../test/support/thrown-code.ts';
import { CloudConflicts } from './cloud-conflicts.ts';

const midOf = (n: number) => `${n}`.padStart(26, '0');

function bench() {
  const { store, clock } = memoryStore();
  const pet = store.pets.add({
    ...{ name: 'Mia', bodyKg: 4, lifeStage: null, rationGrams: 50, note: '' },
  });
  const conflictsOver = () =>
    new CloudConflicts({
      store,
      pets: {
        add: (input) => store.pets.add(input),
        change: (id, patch) => store.pets.change(id, patch),
      },
      kibbles: store.kibbles,
      plans: {
        addPlan: (input) => store.plans.add(input),
        changePlan: (id, patch) => store.plans.change(id, patch),
        addMeal: () => expect.unreachable('no meal is added here'),
        changeMeal: () => expect.unreachable('no meal is changed here'),
      },
      settings: store.settings,
    });
  let mids = 0;
  /** What the link does with a wish of the cloud: the same rule, the same entry. */
  const wish = (
    part: Partial<Mutation> & Pick<Mutation, 'op'>,
    validate: (doc: DocState) => string | null = () => null,
  ): string => {
    mids += 1;
    const mid = midOf(mids);
    const given = { doc: ['pet', pet.id], hlc: makeHlc(clock.now().wallMs), ...part };
    const mutation = v.parse(MutationSchema, given);
    const [kind, id] = mutation.doc;
    const now = { wallMs: clock.now().wallMs, tq: 2 };
    const doc = store.sync.doc(kind, id);
    const result = applyMutation({ mutation, doc, now, validate, isTouched: false });
    store.write('test', () => {
      if (result.doc !== undefined && result.doc !== doc) store.sync.putDoc(result.doc);
      const { outcomes, reason, superseded } = result;
      const told = { mid, target: mutation.doc, outcomes: { ...outcomes }, reason, superseded };
      const after = result.doc === undefined ? null : toSyncDoc(result.doc);
      store.sync.append('mutation.closed', { ...told, doc: after });
    });
    return mid;
  };
  /** An edit on the page, a while before the next one of anybody. */
  const edit = (fields: Parameters<typeof store.pets.change>[1]) => {
    store.pets.change(pet.id, fields);
    clock.ageMs += 1000;
  };
  return { store, clock, pet, conflicts: conflictsOver(), conflictsOver, wish, edit };
}

describe('edits that met', () => {
  it('are none when nothing was in the way', () => {
    const { conflicts, wish } = bench();
    wish({ op: 'patch', base: { ration: 1 }, groups: { ration: { rationGrams: 60 } } });
    expect(conflicts.list()).toEqual([]);
    expect(conflicts.openCount()).toBe(0);
  });

  it('show what the cloud replaced here, and give it back as an edit of the feeder', () => {
    const { store, conflicts, wish, edit, pet } = bench();
    edit({ rationGrams: 70 });
    const id = wish({ op: 'patch', base: { ration: 1 }, groups: { ration: { rationGrams: 60 } } });
    expect(store.pets.get(pet.id)?.rationGrams).toBe(60);
    expect(conflicts.list()).toMatchObject([
      {
        ...{
          id,
          kind: 'pet',
          docId: pet.id,
          name: 'Mia',
          state: 'open',
          canRestore: true,
          why: '',
        },
        groups: [
          {
            ...{ group: 'ration', outcome: 'applied' },
            ...{ kept: { rationGrams: 60 }, lost: { rationGrams: 70 } },
          },
        ],
      },
    ]);
    expect(conflicts.restore(id)).toMatchObject({ state: 'restored', canRestore: false });
    expect(store.pets.get(pet.id)?.rationGrams).toBe(70);
    expect(store.log.latest({ limit: 2 }).map(({ name }) => name)).toContain('doc.changed');
    expect(codeOf(() => conflicts.restore(id))).toBe('ERR_CONFLICT');
    expect(conflicts.openCount()).toBe(0);
  });

  it('show what of the cloud was not taken, with the reason, and take it all the same', () => {
    const { store, clock, conflicts, wish, edit, pet } = bench();
    edit({ name: 'Mimi' });
    const late = makeHlc(clock.now().wallMs - 60_000);
    const id = wish({
      op: 'patch',
      base: { label: 1 },
      groups: { label: { name: 'M' } },
      hlc: late,
    });
    const refused = wish(
      { op: 'patch', base: { ration: 1 }, groups: { ration: { rationGrams: 90 } } },
      () => 'too much for one cat',
    );
    expect(conflicts.list()).toMatchObject([
      { id: refused, reason: 'too much for one cat', groups: [{ outcome: 'rejected' }] },
      { id, reason: 'edited', groups: [{ outcome: 'superseded', lost: { name: 'M' } }] },
    ]);
    conflicts.restore(id);
    expect(store.pets.get(pet.id)?.name).toBe('M');
  });

  it('give a document back that the cloud deleted after an edit here, under a new id', () => {
    const { store, conflicts, wish, edit } = bench();
    edit({ rationGrams: 70 });
    const id = wish({ op: 'delete', base: { label: 1, body: 1, ration: 1, note: 1 } });
    expect(store.pets.list()).toEqual([]);
    expect(conflicts.list()).toMatchObject([{ id, name: null, canRestore: true }]);
    conflicts.restore(id);
    expect(store.pets.list()).toMatchObject([{ name: 'Mia', rationGrams: 70, bodyKg: 4 }]);
  });

  it('say why there is no way back', () => {
    const { store, conflicts, wish, edit, pet, clock } = bench();
    edit({ rationGrams: 70 });
    const late = makeHlc(clock.now().wallMs - 60_000);
    const deletion = wish({ op: 'delete', base: { ration: 1 }, hlc: late });
    store.pets.remove(pet.id);
    const patch = wish({ op: 'patch', base: { label: 1 }, groups: { label: { name: 'M' } } });
    const unknown = wish({ op: 'patch', doc: ['pet', midOf(9)], groups: { note: { note: 'x' } } });
    const reasons = new Map(conflicts.list().map(({ id, why }) => [id, why]));
    expect(reasons.get(deletion)).toContain('It was a deletion');
    expect(reasons.get(patch)).toContain('not all of it is known');
    expect(reasons.get(unknown)).toContain('not all of it is known');
    for (const id of reasons.keys())
      expect(codeOf(() => conflicts.restore(id))).toBe('ERR_CONFLICT');
    expect(codeOf(() => conflicts.dismiss(midOf(99)))).toBe('ERR_NOT_FOUND');
  });

  it('are known after a restart, with what was said of them, and an outcome told twice is one', () => {
    const { store, conflicts, conflictsOver, wish, edit } = bench();
    edit({ rationGrams: 70 });
    const first = wish({
      op: 'patch',
      base: { ration: 1 },
      groups: { ration: { rationGrams: 1 } },
    });
    edit({ rationGrams: 71 });
    const second = wish({
      op: 'patch',
      base: { ration: 1 },
      groups: { ration: { rationGrams: 2 } },
    });
    store.record('mutation.closed', {
      ...{ mid: first, target: null, outcomes: { ration: 'applied' }, reason: 'repeated' },
      superseded: {},
    });
    conflicts.dismiss(first);
    store.sync.nameEpoch(3);
    const again = conflictsOver();
    expect(again.list().map(({ id, state }) => [id, state])).toEqual([
      [second, 'open'],
      [first, 'dismissed'],
    ]);
    expect(again.openCount()).toBe(1);
  });

  it('stay a list that ends', () => {
    const { conflicts, conflictsOver, wish, edit } = bench();
    for (let n = 0; n < 60; n++) {
      edit({ rationGrams: 100 + n });
      wish({ op: 'patch', base: { ration: 1 }, groups: { ration: { rationGrams: 10 } } });
    }
    const ids = conflicts.list().map(({ id }) => id);
    expect(ids).toHaveLength(50);
    expect(ids[0]).toBe(midOf(60));
    expect(conflictsOver().list()).toEqual(conflicts.list());
  });
});
