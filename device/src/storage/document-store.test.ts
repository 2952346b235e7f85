import {
  type Kibble,
  type Meal,
  makeHlc,
  type Pet,
  type Plan,
  type Settings,
} from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { collectionContract, singleContract } from '../../test/contracts/collection.ts';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import type { StoredHopperCalibration } from '../feeding/hopper-scale.ts';
import type { StoredCalibration } from './store-parts.ts';

const tom = { name: 'Tom', bodyKg: 4.2, lifeStage: 'neutered_adult', rationGrams: 60, note: '' };
const mia = { name: 'Mia', bodyKg: null, lifeStage: null, rationGrams: null, note: 'shy' };
const breakfast = {
  planId: '01hzzzzzzz0000000000000000',
  name: 'Breakfast',
  time: '07:00',
  weekdays: [1, 2, 3, 4, 5],
  portionGrams: 20,
  petId: null,
  missedPolicy: 'catch_up_one',
  enabled: true,
  effectiveFromMs: 0,
};

collectionContract<Pet>('Pets', () => {
  const { store, reopen } = memoryStore();
  return {
    collection: store.pets,
    first: tom as Omit<Pet, 'id' | 'rev'>,
    second: mia as Omit<Pet, 'id' | 'rev'>,
    reopen: () => reopen().pets,
  };
});

collectionContract<Meal>('Meals', () => {
  const { store, reopen } = memoryStore();
  return {
    collection: store.meals,
    first: breakfast as Omit<Meal, 'id' | 'rev'>,
    second: {
      ...breakfast,
      time: { sun: 'sunset', offsetMinutes: -30 },
      portionGrams: 12.5,
    } as Omit<Meal, 'id' | 'rev'>,
    reopen: () => reopen().meals,
  };
});

collectionContract<Plan>('Plans', () => {
  const { store, reopen } = memoryStore();
  return {
    collection: store.plans,
    first: { name: 'Every day' },
    second: { name: 'Diet' },
    reopen: () => reopen().plans,
  };
});

collectionContract<Kibble>('Kibbles', () => {
  const { store, reopen } = memoryStore();
  return {
    collection: store.kibbles,
    first: { name: 'Fish', kcalPer100g: 380, model: null, calibratedAtMs: null },
    second: { name: 'Fowl', kcalPer100g: null, model: null, calibratedAtMs: 5 },
    reopen: () => reopen().kibbles,
  };
});

singleContract<Settings>('Settings', () => {
  const { store, reopen } = memoryStore();
  return {
    single: store.settings,
    patch: { name: 'Kitchen', zone: 'Europe/Berlin', quietHours: { from: '22:00', to: '06:00' } },
    reopen: () => reopen().settings,
  };
});

singleContract<StoredCalibration>('The calibration', () => {
  const { store, reopen } = memoryStore();
  return {
    single: store.calibration,
    patch: { zeroCounts: 12_345, taredAtMs: 7 },
    reopen: () => reopen().calibration,
  };
});

singleContract<StoredHopperCalibration>('The calibration of the hopper', () => {
  const { store, reopen } = memoryStore();
  const calibration = {
    zeroCounts: 96_000,
    countsPerGram: 107,
    noiseGrams: 0.4,
    taredAtMs: 7,
    spannedAtMs: null,
  };
  return {
    single: store.hopperCalibration,
    patch: { calibration },
    reopen: () => reopen().hopperCalibration,
  };
});

describe('A-62, B-03, B-19 documents in the ledger', () => {
  it('writes each change with its entry: the whole document, in its groups', () => {
    const { store } = memoryStore();
    const { id } = store.pets.add(tom as Omit<Pet, 'id' | 'rev'>);
    store.pets.change(id, { rationGrams: 55 });
    store.pets.remove(id);
    const bodies = store.log.page({ afterSeq: 0, limit: 10 }).entries.map((entry) => entry.body);
    expect(bodies).toEqual([
      expect.objectContaining({
        kind: 'pet',
        id,
        rev: 1,
        groups: {
          label: { name: 'Tom' },
          body: { bodyKg: 4.2, lifeStage: 'neutered_adult' },
          ration: { rationGrams: 60 },
          note: { note: '' },
        },
      }),
      expect.objectContaining({
        rev: 2,
        groups: expect.objectContaining({ ration: { rationGrams: 55 } }),
      }),
      { kind: 'pet', id, rev: 3, deleted: true, groups: {}, grevs: { deleted: 1 } },
    ]);
  });

  it('changes nothing when the disk refuses', () => {
    let isFull = false;
    const hooks = {
      beforeCommit: () => {
        if (isFull) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
      },
    };
    const { store, reopen } = memoryStore({ hooks });
    const { id } = store.plans.add({ name: 'Every day' });
    isFull = true;
    expect(() => store.plans.change(id, { name: 'Diet' })).toThrow(/could not be written/);
    expect(() => store.plans.add({ name: 'Diet' })).toThrow(/could not be written/);
    expect(() => store.plans.remove(id)).toThrow(/could not be written/);
    expect(() => store.settings.change({ name: 'x' })).toThrow(/could not be written/);
    isFull = false;
    for (const seen of [store, reopen()]) {
      expect(seen.plans.list()).toEqual([{ id, rev: 1, name: 'Every day' }]);
      expect(seen.settings.get().rev).toBe(0);
      expect(seen.log.head().seq).toBe(1);
    }
  });

  it('joins changes of several documents in one transaction, all or none', () => {
    const { store, reopen } = memoryStore();
    expect(() =>
      store.write('setup', () => {
        const plan = store.plans.add({ name: 'Every day' });
        store.plans.change(plan.id, { name: 'Better' });
        store.settings.change({ activePlanId: plan.id });
        expect(store.settings.get().activePlanId).toBe(plan.id);
        throw new RangeError('on second thought');
      }),
    ).toThrow(RangeError);
    expect(store.settings.get().activePlanId).toBeNull();
    expect(store.plans.list()).toEqual([]);
    expect(reopen().log.head().seq).toBe(0);
  });

  it('tells listeners which groups changed, after the commit', () => {
    const { store } = memoryStore();
    const heard: unknown[] = [];
    const stop = store.documents.onChange((change) => heard.push(change));
    const { id } = store.plans.add({ name: 'Every day' });
    stop();
    store.plans.remove(id);
    expect(heard).toEqual([{ kind: 'plan', id, groups: ['label'] }]);
  });

  it('stamps an edit after those of the cloud that it was made with in view', () => {
    const { store, clock } = memoryStore();
    const { id } = store.plans.add({ name: 'Every day' });
    const doc = store.sync.doc('plan', id);
    const hlc = makeHlc(clock.now().wallMs + 20_000);
    const stamps = { label: { rev: 2, hlc, tq: 3 } };
    if (doc !== undefined) {
      store.sync.transact('test', () => store.sync.putDoc({ ...doc, rev: 2, stamps }));
    }
    store.plans.change(id, { name: 'Weekend' });
    const own = store.sync.doc('plan', id)?.stamps['label'];
    expect(own).toMatchObject({ rev: 3, tq: 2 });
    expect((own?.hlc ?? '') > hlc).toBe(true);
  });

  it.each([
    ['while the cloud has not heard of it', 'unheard', 'synchronized', 0],
    ['while the time is not believed', 'heard', 'unknown', 0],
    ['no longer than half a year after the cloud has', 'heard', 'synchronized', 1],
  ] as const)('keeps a tombstone of a linked feeder %s', (_, heard, quality, purged) => {
    const { store, clock } = memoryStore();
    store.sync.nameEpoch(1);
    const { id } = store.plans.add({ name: 'Old' });
    store.plans.remove(id);
    if (heard === 'heard') store.log.acknowledge(store.log.head().seq);
    clock.ageMs += 181 * 86_400_000;
    clock.quality = quality;
    expect(store.maintain().tombstones).toBe(purged);
  });

  it('keeps a tombstone until nobody can ask for it any more', () => {
    const { store, clock, reopen } = memoryStore();
    const { id } = store.plans.add({ name: 'Old' });
    store.plans.remove(id);
    expect(store.documents.all()).toMatchObject([{ id, deleted: true, rev: 2 }]);
    clock.ageMs += 181 * 86_400_000;
    expect(store.maintain().tombstones).toBe(1);
    expect(reopen().documents.all()).toEqual([]);
  });
});
