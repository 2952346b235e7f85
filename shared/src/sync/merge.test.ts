import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocState, GroupStamp, Mutation } from './docs.ts';
import { makeHlc } from './hlc.ts';
import { applyMutation, type MergeInput } from './merge.ts';

const NOW = 1_800_000_000_000;
const ID = '0'.repeat(26);
const stamp = (rev: number, ms = NOW, tq = 2): GroupStamp => ({ rev, hlc: makeHlc(ms), tq });

const meal: DocState = {
  kind: 'meal',
  id: ID,
  rev: 5,
  deleted: false,
  groups: { timing: { time: '07:30' }, portion: { portionGrams: 20 } },
  stamps: { timing: stamp(5), portion: stamp(2) },
};

function mutate(mutation: Partial<Mutation>, input: Partial<MergeInput> = {}) {
  return applyMutation({
    mutation: {
      doc: ['meal', ID],
      op: 'patch',
      base: {},
      groups: {},
      rev: 0,
      grevs: {},
      deleted: false,
      epoch: 0,
      hlc: makeHlc(NOW),
      ...mutation,
    },
    doc: meal,
    now: { wallMs: NOW, tq: 2 },
    validate: () => null,
    isTouched: false,
    ...input,
  });
}

const eight = { timing: { time: '08:00' } };

describe('a patch', () => {
  it('M1 is taken when it was made from the present revision', () => {
    const { doc, outcomes, superseded } = mutate({ base: { timing: 5 }, groups: eight });
    expect(outcomes).toEqual({ timing: 'applied' });
    expect(doc).toMatchObject({ rev: 6, groups: { ...eight, portion: { portionGrams: 20 } } });
    expect(doc?.stamps['timing']?.rev).toBe(6);
    expect(superseded).toEqual({});
  });

  it.each([
    ['M2 a later stamp wins', NOW + 1, 2, 'applied'],
    ['M2 an earlier stamp loses', NOW - 1, 2, 'superseded'],
    ['M2 the feeder wins a tie', NOW, 2, 'superseded'],
    ['M2 the feeder wins when nobody vouches for its time', NOW + 1, 1, 'superseded'],
    ['M2 a stamp ahead of the clock loses', NOW + 60_001, 2, 'superseded'],
  ])('%s', (_, ms, tq, outcome) => {
    const doc = { ...meal, stamps: { ...meal.stamps, timing: stamp(5, NOW, tq) } };
    const result = mutate({ base: { timing: 4 }, groups: eight, hlc: makeHlc(ms) }, { doc });
    expect(result.outcomes).toEqual({ timing: outcome });
    const kept = outcome === 'applied' ? { time: '07:30' } : { time: '08:00' };
    expect(result.superseded).toEqual({ timing: kept });
    if (outcome === 'superseded') expect(result.doc).toBe(doc);
  });

  const inCloud = (hlc: string, now: MergeInput['now']) => {
    const { doc } = mutate({ base: { timing: 5 }, groups: eight, hlc }, { now });
    return doc?.stamps['timing'];
  };

  it('carries a stamp of the cloud, whatever the feeder knows of the time', () => {
    const hlc = makeHlc(NOW + 5);
    expect(inCloud(hlc, { wallMs: NOW, tq: 2 })).toEqual({ rev: 6, hlc, tq: 3 });
    expect(inCloud(hlc, { wallMs: 7, tq: 0 })).toEqual({ rev: 6, hlc, tq: 3 });
  });

  it('never leaves a stamp that lies ahead of a trusted clock', () => {
    const hlc = makeHlc(NOW + 86_400_000);
    expect(inCloud(hlc, { wallMs: NOW, tq: 2 })).toEqual({ rev: 6, hlc: makeHlc(NOW), tq: 3 });
  });

  it('merges groups that were edited apart', () => {
    const { doc, outcomes } = mutate({
      base: { timing: 4, portion: 2 },
      groups: { ...eight, portion: { portionGrams: 25 } },
      hlc: makeHlc(NOW - 5),
    });
    expect(outcomes).toEqual({ timing: 'superseded', portion: 'applied' });
    expect(doc?.groups).toEqual({ timing: { time: '07:30' }, portion: { portionGrams: 25 } });
  });

  it('M3 takes nothing when the whole would not be valid', () => {
    const result = mutate(
      { base: { timing: 5 }, groups: eight },
      { validate: () => 'too much in a day' },
    );
    expect(result).toMatchObject({
      doc: meal,
      outcomes: { timing: 'rejected' },
      reason: 'too much in a day',
      superseded: eight,
    });
  });

  it('M3 deletes nothing that must not go', () => {
    const validate = (doc: DocState) => (doc.deleted ? 'the plan is followed' : null);
    const base = { timing: 5, portion: 2 };
    for (const part of [
      { op: 'delete', base } as const,
      { op: 'restore', deleted: true } as const,
    ]) {
      const result = mutate(part, { validate });
      expect(result).toMatchObject({ doc: meal, reason: 'the plan is followed' });
      expect(result.outcomes).toEqual({ '*': 'rejected' });
    }
  });

  it('M4 brings nothing back', () => {
    const dead = { ...meal, deleted: true, groups: {}, stamps: { deleted: stamp(1) } };
    expect(mutate({ groups: eight }, { doc: dead })).toMatchObject({
      doc: dead,
      outcomes: { timing: 'superseded' },
      reason: 'deleted',
    });
    expect(mutate({ groups: eight }, { doc: undefined })).toMatchObject({
      doc: undefined,
      outcomes: { timing: 'rejected' },
      reason: 'unknown',
    });
    expect(mutate({ op: 'create', groups: eight }, { doc: dead }).doc).toBe(dead);
  });
});

describe('a deletion', () => {
  it('is taken when nothing changed since, and not otherwise', () => {
    const base = { timing: 5, portion: 2 };
    expect(mutate({ op: 'delete', base }).doc).toMatchObject({ deleted: true, rev: 6, groups: {} });
    expect(mutate({ op: 'delete', base }).superseded).toEqual({});
    const late = { op: 'delete', base: { timing: 4, portion: 2 }, hlc: makeHlc(NOW + 1) } as const;
    expect(mutate(late)).toMatchObject({ doc: { deleted: true }, superseded: meal.groups });
    const older = { op: 'delete', base: { timing: 4, portion: 2 }, hlc: makeHlc(NOW - 1) } as const;
    expect(mutate(older)).toMatchObject({ doc: meal, outcomes: { '*': 'superseded' } });
  });
});

describe('a restore', () => {
  const copy = {
    op: 'restore',
    rev: 9,
    grevs: { timing: 8 },
    groups: eight,
  } as const;

  it('M5 is taken under a revision that neither side has had', () => {
    const { doc } = mutate(copy);
    expect(doc).toMatchObject({ rev: 10, groups: eight });
    expect(doc?.stamps['timing']?.rev).toBe(9);
    expect(mutate(copy, { doc: undefined }).doc?.rev).toBe(10);
  });

  it('M5 is not taken after an edit on the feeder', () => {
    expect(mutate(copy, { isTouched: true })).toMatchObject({ doc: meal, reason: 'edited' });
  });

  it('M4 brings no deleted document back', () => {
    const dead = { ...meal, deleted: true, groups: {}, stamps: { deleted: stamp(1) } };
    expect(mutate(copy, { doc: dead })).toMatchObject({ doc: dead, reason: 'deleted' });
  });

  it('may be a deletion, even of what is not known', () => {
    expect(mutate({ ...copy, deleted: true }, { doc: undefined }).doc).toMatchObject({
      deleted: true,
      rev: 10,
    });
  });
});

describe('every mutation', () => {
  const groupsArb = fc.dictionary(
    fc.constantFrom('timing', 'portion', 'label'),
    fc.record({ x: fc.nat({ max: 3 }) }),
    { minKeys: 1 },
  );
  const revs = fc.dictionary(fc.constantFrom('timing', 'portion', 'label'), fc.nat({ max: 6 }));
  const mutationArb = fc.record({
    op: fc.constantFrom('create', 'patch', 'delete', 'restore' as const),
    groups: groupsArb,
    base: revs,
    rev: fc.nat({ max: 9 }),
    deleted: fc.boolean(),
    hlc: fc.integer({ min: -2, max: 2 }).map((step) => makeHlc(NOW + step)),
  });

  it('says something, never lowers a revision, and never leaves what is not valid', () => {
    const validate = (doc: DocState) => (doc.groups['timing']?.['x'] === 3 ? 'no' : null);
    fc.assert(
      fc.property(mutationArb, fc.boolean(), fc.boolean(), (mutation, isTouched, isKnown) => {
        const doc = isKnown ? meal : undefined;
        const result = mutate(mutation, { isTouched, validate, doc });
        expect(Object.keys(result.outcomes).length).toBeGreaterThan(0);
        expect(result.doc?.rev ?? 0).toBeGreaterThanOrEqual(doc?.rev ?? 0);
        if (result.doc !== undefined) expect(validate(result.doc)).toBe(null);
        const isApplied = Object.values(result.outcomes).includes('applied');
        expect(result.doc !== doc).toBe(isApplied);
      }),
    );
  });
});
