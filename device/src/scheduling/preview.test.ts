import type { Meal, Overlay, Settings } from '@cat-feeder/shared';
import { defaultSettings } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { mealInput } from '../../test/contracts/schedule-bench.ts';
import { type PreviewRequest, previewSchedule } from './preview.ts';
import type { PlanView } from './schedule-store.ts';

const breakfast: Meal = {
  ...mealInput('07:00', { name: 'Breakfast', portionGrams: 20 }),
  id: 'a',
  rev: 1,
  planId: 'p',
  effectiveFromMs: 0,
} as Meal;
const dinner: Meal = { ...breakfast, id: 'b', name: 'Dinner', time: '18:00', portionGrams: 30 };

function view(overlays: Overlay[] = [], settings: Partial<Settings> = {}): PlanView {
  return {
    settings: { ...defaultSettings, zone: 'Europe/Berlin', activePlanId: 'p', ...settings },
    plans: [{ id: 'p', rev: 1, name: 'Plan' }],
    meals: [breakfast, dinner],
    overlays,
  };
}

function preview(patch: Partial<PreviewRequest> = {}) {
  return previewSchedule({
    view: view(),
    fromMs: Date.parse('2026-11-20T08:00:00Z'),
    days: 7,
    kcalPer100g: 380,
    hopperGrams: null,
    ...patch,
  });
}

describe('the preview', () => {
  it('counts days from the local date of now, with past meals at nothing', () => {
    const { days, totalGrams } = preview({ days: 2 });
    expect(days).toMatchObject([
      { date: '2026-11-20', weekday: 5, dayGrams: 30, dayKcal: 114, hopperGrams: null },
      { date: '2026-11-21', weekday: 6, dayGrams: 50, dayKcal: 190 },
    ]);
    expect(days[0]?.meals.map(({ effect }) => effect)).toEqual(['past', 'none']);
    expect(totalGrams).toBe(80);
  });

  it('says nothing of energy without the energy of the kibble', () => {
    expect(preview({ kcalPer100g: null }).days[0]?.dayKcal).toBeNull();
  });

  it('flags the two nights on which the clocks change, and the meals they move', () => {
    const nightly: Meal = { ...breakfast, id: 'n', name: 'Night', time: '02:30' };
    const { days } = preview({ days: 400, view: { ...view(), meals: [nightly] } });
    const flagged = days.filter((day) => day.clockForwardMinutes !== 0);
    expect(flagged.map((day) => [day.date, day.clockForwardMinutes, day.meals[0]?.shift])).toEqual([
      ['2027-03-28', 60, 'gap'],
      ['2027-10-31', -60, 'overlap'],
    ]);
    expect(days.every((day) => day.meals.length === 1)).toBe(true);
  });

  it('shows what overlays do, and that they end', () => {
    const overlays: Overlay[] = [
      { id: '1', rev: 1, createdAtMs: 0, kind: 'skip', mealId: 'a', date: '2026-11-21' },
      {
        id: '2',
        rev: 1,
        createdAtMs: 0,
        kind: 'vacation',
        fromDate: '2026-11-22',
        toDate: '2026-11-23',
        planId: null,
        portionFactor: 0.5,
        note: '',
      },
      {
        id: '3',
        rev: 1,
        createdAtMs: 0,
        kind: 'pause',
        untilMs: Date.parse('2026-11-20T20:00:00Z'),
        note: '',
      },
    ];
    const { days } = preview({ view: view(overlays) });
    expect(
      days.slice(0, 5).map((day) => [day.meals.map(({ effect }) => effect), day.dayGrams]),
    ).toEqual([
      [['past', 'paused'], 0],
      [['skipped', 'none'], 30],
      [['vacation', 'vacation'], 25],
      [['vacation', 'vacation'], 25],
      [['none', 'none'], 50],
    ]);
    expect(days[2]?.meals[0]?.why).toBe('Planned for 07:00: 10 g (50 % of 20 g).');
  });

  it('says when the hopper runs out, and that it lasts', () => {
    const { days, runsOut } = preview({ hopperGrams: 95 });
    expect(runsOut).toMatchObject({ date: '2026-11-22', key: 'a@2026-11-22' });
    expect(days.map((day) => day.hopperGrams)).toEqual([65, 15, 0, 0, 0, 0, 0]);
    expect(preview({ hopperGrams: 5000 }).runsOut).toBeNull();
  });

  it.each([0, 401, 1.5, Number.NaN])('refuses %d days', (days) => {
    expect(() => preview({ days })).toThrow(expect.objectContaining({ code: 'ERR_BUSINESS_RULE' }));
  });
});
