import {
  DAY_MS,
  type FeederError,
  MEALS_PER_PLAN_MAX,
  OVERLAYS_MAX,
  type OverlayInput,
  PLANS_MAX,
} from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { mealInput, ScheduleBench } from '../../test/contracts/schedule-bench.ts';

const nowMs = Date.parse('2026-11-20T04:00:00Z');

async function newBook() {
  const bench = new ScheduleBench({ at: '2026-11-20T04:00:00Z' });
  await bench.on();
  return { bench, book: bench.book };
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as FeederError).code;
  }
  return 'no error';
}

const vacation = (
  patch: Partial<Extract<OverlayInput, { kind: 'vacation' }>> = {},
): OverlayInput => ({
  kind: 'vacation',
  fromDate: '2026-12-01',
  toDate: '2026-12-10',
  planId: null,
  portionFactor: 1,
  note: '',
  ...patch,
});

describe('plans', () => {
  it('come into being and become active with the first meal', async () => {
    const { book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    expect(book.plans()).toMatchObject([{ name: 'Plan', id: meal.planId }]);
    expect(book.settings().activePlanId).toBe(meal.planId);
    expect(meal.effectiveFromMs).toBe(nowMs);
    book.addMeal(mealInput('18:00'));
    expect(book.plans()).toHaveLength(1);
  });

  it('are not invented again when the schedule was switched off', async () => {
    const { book } = await newBook();
    book.addMeal(mealInput('07:00'));
    book.activatePlan(null);
    expect(codeOf(() => book.addMeal(mealInput('18:00')))).toBe('ERR_BUSINESS_RULE');
  });

  it('are limited, renamed, and removed with their meals, but never the active one', async () => {
    const { book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    const other = book.addPlan({ name: 'Diet' });
    book.addMeal(mealInput('08:00', { planId: other.id }));
    expect(book.changePlan(other.id, { name: 'Less' }, 1).name).toBe('Less');
    expect(codeOf(() => book.changePlan(other.id, { name: 'x' }, 1))).toBe('ERR_CONFLICT');
    expect(codeOf(() => book.removePlan(meal.planId))).toBe('ERR_BUSINESS_RULE');
    book.addOverlay(vacation({ planId: other.id }));
    expect(codeOf(() => book.removePlan(other.id))).toBe('ERR_BUSINESS_RULE');
    book.removeOverlay(book.overlays()[0]?.id ?? '');
    book.removePlan(other.id);
    expect(book.meals()).toHaveLength(1);
    expect(codeOf(() => book.removePlan(other.id))).toBe('ERR_NOT_FOUND');
    expect(codeOf(() => book.activatePlan(other.id))).toBe('ERR_NOT_FOUND');
    for (let i = 1; i < PLANS_MAX; i++) book.addPlan({ name: `Plan ${i}` });
    expect(codeOf(() => book.addPlan({ name: 'one more' }))).toBe('ERR_BUSINESS_RULE');
  });
});

describe('meals', () => {
  it('B-23 refer to plans and pets that exist, and are limited', async () => {
    const { book } = await newBook();
    expect(codeOf(() => book.addMeal(mealInput('07:00', { petId: 'nobody' })))).toBe(
      'ERR_BUSINESS_RULE',
    );
    expect(codeOf(() => book.addMeal(mealInput('07:00', { planId: 'none' })))).toBe(
      'ERR_NOT_FOUND',
    );
    expect(book.addMeal(mealInput('07:00', { petId: 'pet-luna' })).petId).toBe('pet-luna');
    for (let i = 1; i < MEALS_PER_PLAN_MAX; i++) book.addMeal(mealInput('07:00'));
    expect(codeOf(() => book.addMeal(mealInput('07:00')))).toBe('ERR_BUSINESS_RULE');
  });

  it('take effect from the moment that their times are edited, and keep what an undefined field leaves alone', async () => {
    const { bench, book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    await bench.pass(60_000);
    const sized = book.changeMeal(meal.id, { portionGrams: 33, time: '07:00' }, 1);
    expect(sized).toMatchObject({ portionGrams: 33, rev: 2, effectiveFromMs: nowMs });
    const changed = book.changeMeal(meal.id, { time: '08:00', name: undefined }, 2);
    expect(changed).toMatchObject({
      name: 'Meal',
      portionGrams: 33,
      rev: 3,
      effectiveFromMs: nowMs + 60_000,
    });
    expect(codeOf(() => book.changeMeal(meal.id, { portionGrams: 1 }, 1))).toBe('ERR_CONFLICT');
    expect(codeOf(() => book.changeMeal('none', {}))).toBe('ERR_NOT_FOUND');
    expect(codeOf(() => book.changeMeal(meal.id, { petId: 'nobody' }))).toBe('ERR_BUSINESS_RULE');
    book.removeMeal(meal.id);
    expect(codeOf(() => book.removeMeal(meal.id))).toBe('ERR_NOT_FOUND');
  });

  it('hold for all time when the clock is unknown', async () => {
    const { bench, book } = await newBook();
    bench.time.quality = 'unknown';
    expect(book.addMeal(mealInput('07:00')).effectiveFromMs).toBe(0);
  });
});

describe('overlays', () => {
  it('take a skip once', async () => {
    const { book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    const skip: OverlayInput = { kind: 'skip', mealId: meal.id, date: '2026-11-21' };
    const first = book.addOverlay(skip);
    expect(first).toMatchObject({ ...skip, createdAtMs: nowMs });
    expect(book.addOverlay(skip).id).toBe(first.id);
    expect(book.overlays()).toHaveLength(1);
  });

  it.each<[string, OverlayInput, string]>([
    [
      'a skip of an unknown meal',
      { kind: 'skip', mealId: 'x', date: '2026-11-21' },
      'ERR_NOT_FOUND',
    ],
    ['a pause in the past', { kind: 'pause', untilMs: nowMs, note: '' }, 'ERR_BUSINESS_RULE'],
    [
      'a pause for longer than 400 days',
      { kind: 'pause', untilMs: nowMs + 401 * DAY_MS, note: '' },
      'ERR_BUSINESS_RULE',
    ],
    [
      'a vacation that ends before it begins',
      vacation({ toDate: '2026-11-30' }),
      'ERR_BUSINESS_RULE',
    ],
    [
      'a vacation that is over',
      vacation({ fromDate: '2026-11-01', toDate: '2026-11-19' }),
      'ERR_BUSINESS_RULE',
    ],
    ['a vacation without end', vacation({ toDate: '2028-12-10' }), 'ERR_BUSINESS_RULE'],
    [
      'a vacation in ten years',
      vacation({ fromDate: '2036-12-01', toDate: '2036-12-10' }),
      'ERR_BUSINESS_RULE',
    ],
    ['a vacation with an unknown plan', vacation({ planId: 'none' }), 'ERR_NOT_FOUND'],
  ])('refuse %s', async (_, input, code) => {
    const { book } = await newBook();
    expect(codeOf(() => book.addOverlay(input))).toBe(code);
    expect(book.overlays()).toEqual([]);
  });

  it('reach 400 days from today, each kind, and say so beyond', async () => {
    const { book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    const last = '2027-12-25';
    const beyond = '2027-12-26';
    book.addOverlay({ kind: 'skip', mealId: meal.id, date: last });
    book.addOverlay(vacation({ fromDate: '2027-12-01', toDate: last }));
    const far: OverlayInput[] = [
      { kind: 'skip', mealId: meal.id, date: beyond },
      vacation({ fromDate: '2027-12-01', toDate: beyond }),
    ];
    for (const input of far) {
      const message = 'must be within 400 days from today';
      expect(() => book.addOverlay(input)).toThrow(
        expect.objectContaining({ details: [expect.objectContaining({ message })] }),
      );
    }
    // 400 dates, both ends counted, of which some are over.
    const begun = '2026-11-10';
    book.addOverlay(vacation({ fromDate: begun, toDate: '2027-12-14' }));
    expect(codeOf(() => book.addOverlay(vacation({ fromDate: begun, toDate: '2027-12-15' })))).toBe(
      'ERR_BUSINESS_RULE',
    );
  });

  it('refuse a skip of a past date', async () => {
    const { book } = await newBook();
    const meal = book.addMeal(mealInput('07:00'));
    const skip: OverlayInput = { kind: 'skip', mealId: meal.id, date: '2026-11-19' };
    expect(codeOf(() => book.addOverlay(skip))).toBe('ERR_BUSINESS_RULE');
  });

  it('take a pause up to 400 days, and none while the time is unknown', async () => {
    const { bench, book } = await newBook();
    book.addOverlay({ kind: 'pause', untilMs: nowMs + 400 * DAY_MS, note: 'away' });
    bench.time.quality = 'unknown';
    expect(
      codeOf(() => book.addOverlay({ kind: 'pause', untilMs: nowMs + DAY_MS, note: '' })),
    ).toBe('ERR_BUSINESS_RULE');
  });

  it('are limited, and make room when they ended long ago', async () => {
    const { bench, book } = await newBook();
    for (let i = 0; i < OVERLAYS_MAX; i++) {
      book.addOverlay(vacation({ fromDate: '2026-11-20', toDate: '2026-11-21' }));
    }
    expect(codeOf(() => book.addOverlay(vacation()))).toBe('ERR_BUSINESS_RULE');
    bench.clock.advance(12 * DAY_MS);
    book.addOverlay(vacation());
    expect(book.overlays()).toHaveLength(1);
  });

  it('skip what comes next, and say so when nothing does', async () => {
    const { book } = await newBook();
    expect(codeOf(() => book.skipNext())).toBe('ERR_CONFLICT');
    expect(() => book.skipNext()).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Add a meal') }),
    );
    const meal = book.addMeal(mealInput('07:00'));
    expect(book.skipNext()).toMatchObject({ kind: 'skip', mealId: meal.id, date: '2026-11-20' });
    expect(book.skipNext()).toMatchObject({ date: '2026-11-21' });
    expect(codeOf(() => book.removeOverlay('none'))).toBe('ERR_NOT_FOUND');
  });
});

describe('settings', () => {
  it('refer to plans and kibbles that exist', async () => {
    const { book } = await newBook();
    expect(codeOf(() => book.changeSettings({ activePlanId: 'none' }))).toBe('ERR_NOT_FOUND');
    expect(codeOf(() => book.changeSettings({ activeKibbleId: 'none' }))).toBe('ERR_BUSINESS_RULE');
    expect(book.changeSettings({ activeKibbleId: 'kibble-1' }).activeKibbleId).toBe('kibble-1');
    expect(codeOf(() => book.changeSettings({ name: 'x' }, 0))).toBe('ERR_CONFLICT');
    expect(book.changeSettings({ name: 'Kitchen', zone: undefined }, 1).zone).toBe('Europe/Berlin');
  });
});
