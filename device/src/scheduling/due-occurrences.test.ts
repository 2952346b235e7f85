import { HOUR_MS, type Meal, MINUTE_MS, type Occurrence, type Verdict } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  fixtureMeal,
  fixtureOverlay,
  fixtureRow,
  fixtureTime,
  fixtureView,
} from '../../test/contracts/plan-fixtures.ts';
import { type Decision, type DueInput, dueOccurrences, dueWindow } from './due-occurrences.ts';
import { foodStamp } from './food-clock.ts';
import { plannedOn } from './occurrences.ts';

const breakfast = fixtureMeal('a', '07:00');
const dinner = fixtureMeal('b', '18:00');
const closedThroughMs = fixtureTime('2026-11-20T00:00:00Z').wallMs;

function decide(at: string, patch: Partial<DueInput> & { meals?: Meal[] } = {}) {
  const { meals = [breakfast, dinner], ...rest } = patch;
  return dueOccurrences({
    view: fixtureView(meals),
    now: fixtureTime(at),
    decided: new Map(),
    closedThroughMs,
    refused: new Map(),
    elapsedFeedings: [],
    feedingKey: null,
    answered: new Set(),
    ...rest,
  });
}

/** The decisions as words: what, of which occurrence, by which rule. */
function words(...args: Parameters<typeof decide>): string[] {
  return decide(...args).map(wordOf);
}

function wordOf(decision: Decision): string {
  switch (decision.kind) {
    case 'feed':
      return `${decision.order.verdict} ${decision.order.occurrence.key} ${decision.order.rule}`;
    case 'close':
      return `${decision.closing.verdict} ${decision.closing.occurrence.key} ${decision.closing.rule}`;
    case 'reopen':
      return `reopen ${decision.key}`;
    case 'gap':
      return `gap of ${decision.count}`;
    case 'hold':
      return `hold ${decision.occurrence.key}`;
  }
}

function rowOf(meal: Meal, date: string, patch: Partial<Occurrence>): [string, Occurrence] {
  const planned = plannedOn(fixtureView([meal]), date)[0];
  if (planned === undefined) throw new Error('no such occurrence');
  return [planned.occurrence.key, fixtureRow(planned.occurrence, patch)];
}

const closed = (verdict: Verdict, feedingId: string | null = null) => ({ verdict, feedingId });

describe('B-76 a meal by its lateness', () => {
  // Breakfast is due at 06:00Z, dinner at 17:00Z; the grace is two hours.
  it.each([
    ['2026-11-20T05:59:59Z', []],
    ['2026-11-20T06:00:00Z', ['fed a@2026-11-20 on_time']],
    ['2026-11-20T06:05:00Z', ['fed a@2026-11-20 on_time']],
    ['2026-11-20T06:05:01Z', ['fed_late a@2026-11-20 late_in_grace']],
    ['2026-11-20T08:00:00Z', ['fed_late a@2026-11-20 late_in_grace']],
    ['2026-11-20T08:00:01Z', ['missed a@2026-11-20 too_late']],
    [
      '2026-11-20T17:30:00Z',
      ['missed a@2026-11-20 too_late', 'fed_late b@2026-11-20 late_in_grace'],
    ],
  ])('at %s: %j', (at, expected) => {
    expect(words(at)).toEqual(expected);
  });

  it('needs two hours to the next', () => {
    const meals = [breakfast, fixtureMeal('c', '09:30')];
    expect(words('2026-11-20T06:30:00Z', { meals })).toEqual([
      'fed_late a@2026-11-20 late_in_grace',
    ]);
    expect(words('2026-11-20T06:30:01Z', { meals })).toEqual([
      'missed a@2026-11-20 next_meal_near',
    ]);
  });

  it("looks at the next of the same pet, and at everybody's", () => {
    const at = '2026-11-20T06:45:00Z';
    const luna = { ...breakfast, petId: 'luna' };
    const next = fixtureMeal('c', '08:30');
    const late = 'fed_late a@2026-11-20 late_in_grace';
    const missed = 'missed a@2026-11-20 next_meal_near';
    expect(words(at, { meals: [luna, { ...next, petId: 'milo' }] })).toEqual([late]);
    expect(words(at, { meals: [luna, { ...next, petId: 'luna' }] })).toEqual([missed]);
    expect(words(at, { meals: [luna, { ...next, petId: null }] })).toEqual([missed]);
    expect(words(at, { meals: [breakfast, { ...next, petId: 'milo' }] })).toEqual([missed]);
  });

  it('does not wait for a next that is left out', () => {
    const meals = [breakfast, fixtureMeal('c', '08:30')];
    const skip = fixtureOverlay({ kind: 'skip', mealId: 'c', date: '2026-11-20' });
    const view = fixtureView(meals, [skip]);
    expect(words('2026-11-20T06:45:00Z', { view })).toEqual([
      'fed_late a@2026-11-20 late_in_grace',
    ]);
  });

  it.each([
    ['skip', 'missed a@2026-11-20 policy_skip', false],
    ['ask', 'missed a@2026-11-20 policy_ask', true],
  ] as const)('with the policy %s is never served late', (missedPolicy, expected, asksOwner) => {
    const meals = [{ ...breakfast, missedPolicy }];
    expect(words('2026-11-20T06:05:00Z', { meals })).toEqual(['fed a@2026-11-20 on_time']);
    expect(words('2026-11-20T06:06:00Z', { meals })).toEqual([expected]);
    expect(decide('2026-11-20T06:06:00Z', { meals })).toMatchObject([{ asksOwner }]);
  });

  it('FMEA-31 takes half an hour as in time when the clock is only estimated', () => {
    const now = (at: string) => ({ now: fixtureTime(at, { quality: 'estimated' as const }) });
    const at = '2026-11-20T06:30:00Z';
    expect(words(at, now(at))).toEqual(['fed a@2026-11-20 clock_estimated']);
    const later = '2026-11-20T06:31:00Z';
    expect(words(later, now(later))).toEqual(['fed_late a@2026-11-20 late_in_grace']);
  });

  it('S5 FMEA-30 decides nothing while the clock is unknown', () => {
    const now = fixtureTime('2026-11-20T06:00:00Z', { quality: 'unknown' });
    expect(words('2026-11-20T06:00:00Z', { now })).toEqual([]);
  });

  it('S3 serves at most one late meal a time, also of two pets', () => {
    const meals = [
      { ...breakfast, petId: 'luna' },
      fixtureMeal('c', '07:00', { petId: 'milo' }),
      fixtureMeal('d', '08:00', { petId: 'mia' }),
    ];
    expect(words('2026-11-20T07:30:00Z', { meals })).toEqual([
      'fed_late a@2026-11-20 late_in_grace',
      'hold c@2026-11-20',
      'hold d@2026-11-20',
    ]);
  });
});

describe('a meal that has a row', () => {
  it('S1 is never decided again', () => {
    const verdicts: Verdict[] = ['fed', 'short', 'failed', 'missed', 'unknown_after_crash'];
    for (const verdict of verdicts) {
      const decided = new Map([rowOf(breakfast, '2026-11-20', closed(verdict))]);
      expect(words('2026-11-20T06:00:00Z', { decided })).toEqual([]);
    }
    const feeding = rowOf(breakfast, '2026-11-20', { state: 'feeding', feedingId: 'f' });
    expect(words('2026-11-20T06:00:00Z', { decided: new Map([feeding]) })).toEqual([]);
  });

  it('is held while it is served, and while the disk owes its record', () => {
    const key = 'a@2026-11-20';
    expect(words('2026-11-20T06:00:00Z', { feedingKey: key })).toEqual([`hold ${key}`]);
    expect(words('2026-11-20T09:00:00Z', { answered: new Set([key]) })).toEqual([`hold ${key}`]);
  });

  it.each<[Verdict, string | null, boolean]>([
    ['missed', null, true],
    ['skipped', null, true],
    ['blocked', null, true],
    ['skipped', 'feeding-1', false],
    ['fed', 'feeding-1', false],
    ['fed_late', 'feeding-1', false],
    ['short', 'feeding-1', false],
    ['failed', 'feeding-1', false],
    ['unknown_after_crash', 'feeding-1', false],
  ])(
    'S4 FMEA-35 %s (%s) is void when its time lies ahead again: %s',
    (verdict, feedingId, isVoid) => {
      const decided = new Map([rowOf(breakfast, '2026-11-20', closed(verdict, feedingId))]);
      const found = words('2026-11-20T05:00:00Z', {
        decided,
        closedThroughMs: closedThroughMs * 2,
      });
      expect(found).toEqual(isVoid ? ['reopen a@2026-11-20'] : []);
    },
  );

  describe('S4 a miss that was decided later than now', () => {
    const dueAtMs = fixtureTime('2026-11-20T06:00:00Z').wallMs;
    const falsely = (verdict: Verdict, afterMs = 6 * HOUR_MS) =>
      new Map([
        rowOf(breakfast, '2026-11-20', { ...closed(verdict), decidedAtMs: dueAtMs + afterMs }),
      ]);

    it.each<[Verdict, string, boolean]>([
      ['missed', '2026-11-20T06:05:00Z', true],
      ['blocked', '2026-11-20T07:59:00Z', true],
      ['missed', '2026-11-20T08:01:00Z', false],
      ['skipped', '2026-11-20T06:05:00Z', false],
    ])('%s at %s is void: %s', (verdict, at, isVoid) => {
      const found = words(at, { decided: falsely(verdict) });
      expect(found).toEqual(isVoid ? ['reopen a@2026-11-20'] : []);
    });

    it('stays when it was decided in its time', () => {
      const decided = falsely('missed', HOUR_MS);
      expect(words('2026-11-20T07:00:00Z', { decided })).toEqual([]);
    });

    it('stays when the meal was edited since: nobody would look for it', () => {
      const edited = { ...breakfast, effectiveFromMs: dueAtMs + MINUTE_MS };
      const decided = falsely('missed');
      expect(words('2026-11-20T06:05:00Z', { decided, meals: [edited] })).toEqual([]);
    });
  });

  it('I2 keeps its verdict when the meal is gone from the plan: it would get no other one', () => {
    const decided = new Map([rowOf(breakfast, '2026-11-20', closed('missed'))]);
    expect(words('2026-11-20T05:00:00Z', { decided, meals: [dinner] })).toEqual([]);
  });

  it('keeps its verdict when it was due a moment ago', () => {
    const decided = new Map([rowOf(breakfast, '2026-11-20', closed('missed'))]);
    expect(words('2026-11-20T06:00:00Z', { decided })).toEqual([]);
  });
});

describe('the owner’s wish', () => {
  it('leaves out one meal of one date', () => {
    const view = fixtureView(
      [breakfast, dinner],
      [fixtureOverlay({ kind: 'skip', mealId: 'a', date: '2026-11-20' })],
    );
    expect(words('2026-11-20T06:00:00Z', { view })).toEqual(['skipped a@2026-11-20 skip_overlay']);
  });

  const until = Date.parse('2026-11-20T12:00:00Z');
  const pause = (createdAt: string) =>
    fixtureView(
      [breakfast, dinner],
      [fixtureOverlay({ kind: 'pause', untilMs: until, note: '' }, Date.parse(createdAt))],
    );

  it('pauses what is due from its making to its end, also when that is seen later', () => {
    const view = pause('2026-11-20T05:00:00Z');
    expect(words('2026-11-20T06:00:00Z', { view })).toEqual(['skipped a@2026-11-20 paused']);
    expect(words('2026-11-20T13:00:00Z', { view })).toEqual(['skipped a@2026-11-20 paused']);
    expect(words('2026-11-20T17:00:00Z', { view })).toEqual([
      'skipped a@2026-11-20 paused',
      'fed b@2026-11-20 on_time',
    ]);
  });

  it('serves nothing late while a pause holds', () => {
    const view = pause('2026-11-20T06:30:00Z');
    expect(words('2026-11-20T07:00:00Z', { view })).toEqual(['skipped a@2026-11-20 paused']);
  });
});

describe('an edit', () => {
  const edited = { ...breakfast, effectiveFromMs: Date.parse('2026-11-20T09:00:00Z') };

  it('closes what it moved behind itself on its own date, and nothing older', () => {
    const at = '2026-11-20T09:00:00Z';
    const early = Date.parse('2026-11-18T00:00:00Z');
    expect(words(at, { meals: [edited], closedThroughMs: early })).toEqual([
      'skipped a@2026-11-20 edited_past',
    ]);
  });

  it('counts for nothing while it lies ahead: it was made under a wrong clock', () => {
    const wrong = { ...breakfast, effectiveFromMs: Date.parse('2026-12-24T00:00:00Z') };
    expect(words('2026-11-20T06:00:00Z', { meals: [wrong] })).toEqual(['fed a@2026-11-20 on_time']);
  });

  it('by a vacation with another plan does not bring back the morning of that plan', () => {
    const overlay = fixtureOverlay(
      {
        kind: 'vacation',
        fromDate: '2026-11-20',
        toDate: '2026-11-22',
        planId: 'diet',
        portionFactor: 1,
        note: '',
      },
      Date.parse('2026-11-20T09:00:00Z'),
    );
    const meals = [breakfast, fixtureMeal('d', '07:30', { planId: 'diet' })];
    const view = fixtureView(meals, [overlay]);
    expect(words('2026-11-20T09:00:00Z', { view })).toEqual(['skipped d@2026-11-20 edited_past']);
    expect(
      words('2026-11-21T06:30:00Z', { view, closedThroughMs: Date.parse('2026-11-20T12:00:00Z') }),
    ).toEqual(['skipped d@2026-11-20 edited_past', 'fed d@2026-11-21 on_time']);
  });
});

describe('a refused meal', () => {
  const refusedAt = (retryAt: string) =>
    new Map([
      [
        'a@2026-11-20',
        {
          rule: 'hardware_fault' as const,
          why: 'It is hot.',
          retryAtAgeMs: fixtureTime(retryAt).ageMs,
        },
      ],
    ]);

  it('is held until its retry, then asked for again, then blocked by the last rule', () => {
    const refused = refusedAt('2026-11-20T06:10:00Z');
    expect(words('2026-11-20T06:09:00Z', { refused })).toEqual(['hold a@2026-11-20']);
    expect(words('2026-11-20T06:10:00Z', { refused })).toEqual([
      'fed_late a@2026-11-20 late_in_grace',
    ]);
    expect(words('2026-11-20T08:00:01Z', { refused })).toEqual([
      'blocked a@2026-11-20 hardware_fault',
    ]);
  });

  it('is blocked at once when a cap leaves nothing', () => {
    const refused = new Map([
      ['a@2026-11-20', { rule: 'cap_day' as const, why: 'Enough.', retryAtAgeMs: 0 }],
    ]);
    expect(words('2026-11-20T06:00:00Z', { refused })).toEqual(['blocked a@2026-11-20 cap_day']);
  });

  it('is looked at again at the end of its grace, even before its retry', () => {
    const [decision] = decide('2026-11-20T07:59:00Z', {
      refused: refusedAt('2026-11-20T09:00:00Z'),
    });
    expect(decision).toMatchObject({
      kind: 'hold',
      retryAtAgeMs: fixtureTime('2026-11-20T08:00:00Z').ageMs + 1,
    });
  });
});

describe('a feeding by elapsed time', () => {
  it.each([
    ['2026-11-20T04:00:00Z', 'skipped a@2026-11-20 covered_by_elapsed'],
    ['2026-11-20T03:59:00Z', 'fed a@2026-11-20 on_time'],
    ['2026-11-20T06:00:00Z', 'skipped a@2026-11-20 covered_by_elapsed'],
  ])('at %s stands for the meals within two hours', (fedAt, expected) => {
    const elapsedFeedings = [foodStamp(fixtureTime(fedAt, { wallMs: 1, quality: 'unknown' }))];
    expect(words('2026-11-20T06:00:00Z', { elapsedFeedings })).toEqual([expected]);
  });

  it('of another start stands for none: nobody knows when it was', () => {
    const stamp = foodStamp(
      fixtureTime('2026-11-20T06:00:00Z', { quality: 'unknown', bootId: 'boot-0' }),
    );
    expect(words('2026-11-20T06:00:00Z', { elapsedFeedings: [stamp] })).toEqual([
      'fed a@2026-11-20 on_time',
    ]);
  });
});

describe('a long outage', () => {
  it('is listed for seven days and counted before', () => {
    const found = words('2026-12-20T05:00:00Z');
    expect(found[0]).toBe('gap of 46');
    expect(found.filter((word) => word.startsWith('missed'))).toHaveLength(14);
    expect(found).toHaveLength(15);
  });

  it('does not count what has a row', () => {
    const decided = new Map([
      rowOf(breakfast, '2026-11-20', closed('fed', 'f')),
      rowOf(dinner, '2026-11-20', closed('missed')),
    ]);
    expect(words('2026-12-20T05:00:00Z', { decided })[0]).toBe('gap of 44');
  });

  it('of forty years stays bounded', () => {
    const found = decide('2066-11-20T05:00:00Z');
    expect(found.length).toBeLessThan(20);
    expect(found[0]).toMatchObject({ kind: 'gap', count: 2 * 3653 });
  });

  it('looks at rows from the day before it, and as far ahead as was closed', () => {
    const view = fixtureView([breakfast]);
    const now = fixtureTime('2026-11-20T12:00:00Z');
    expect(dueWindow(view, now, now.wallMs - 24 * HOUR_MS)).toEqual({
      fromDate: '2026-11-18',
      toDate: '2026-11-21',
    });
    expect(dueWindow(view, now, now.wallMs + 5 * 24 * HOUR_MS).toDate).toBe('2026-11-26');
  });

  it('FMEA-34 ends in one decision each, whatever its length', () => {
    for (let minutes = 0; minutes < 20_000; minutes += 97) {
      const at = new Date(closedThroughMs + minutes * MINUTE_MS).toISOString();
      const found = words(at).filter((word) => !word.startsWith('gap'));
      expect(new Set(found.map((word) => word.split(' ')[1])).size).toBe(found.length);
      expect(found.filter((word) => word.startsWith('fed')).length).toBeLessThanOrEqual(1);
    }
  });
});
