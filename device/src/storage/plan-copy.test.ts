import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { dataDir } from './data-dir.ts';
import { PlanCopy } from './plan-copy.ts';

const plan = (name: string) => [
  {
    kind: 'plan' as const,
    id: '01hzzzzzzz0000000000000000',
    rev: 1,
    deleted: false,
    groups: { label: { name } },
  },
];

function nameIn(copy: PlanCopy): unknown {
  return copy.read()?.[0]?.groups['label']?.['name'];
}

describe('PlanCopy', () => {
  it('has nothing at first and then the newest copy', () => {
    const paths = dataDir(testDir()).planCopies;
    const copy = new PlanCopy(paths);
    expect(copy.read()).toBeNull();
    for (const name of ['one', 'two', 'three']) {
      copy.write(plan(name));
      expect(nameIn(new PlanCopy(paths))).toBe(name);
    }
  });

  it.each([0, 5, 20, 60])('has the copy before while the newest is torn at byte %i', (at) => {
    const paths = dataDir(testDir()).planCopies;
    const copy = new PlanCopy(paths);
    copy.write(plan('one'));
    copy.write(plan('two'));
    const newest = paths.find((path) => readFileSync(path, 'utf8').includes('two')) ?? '';
    writeFileSync(newest, readFileSync(newest).subarray(0, at));
    const again = new PlanCopy(paths);
    expect(nameIn(again)).toBe('one');
    again.write(plan('three'));
    expect(nameIn(new PlanCopy(paths))).toBe('three');
  });

  it('is written with every edit, and what is learned of the food waits for the stop', () => {
    const dir = testDir();
    const read = () => new PlanCopy(dataDir(dir).planCopies).read() ?? [];
    const store = openDirStore(dir);
    const { id } = store.kibbles.add({
      name: 'Fish',
      kcalPer100g: 1,
      model: null,
      calibratedAtMs: null,
    });
    expect(read()).toMatchObject([{ kind: 'kibble', id, rev: 1 }]);
    const model = {
      gramsPerTurn: 3,
      gramsPerTurnSd: 0.2,
      inFlightGrams: 0.4,
      inFlightGramsSd: 0.1,
      kibbleGrams: 0.2,
      samples: 5,
    };
    store.kibbles.change(id, { model });
    expect(read()).toMatchObject([{ rev: 1 }]);
    store.close();
    expect(read()).toMatchObject([{ rev: 2, groups: { model: { model } } }]);
    expect(join(dir, 'plan-copy-a.json')).toBe(dataDir(dir).planCopies[0]);
  });
});
