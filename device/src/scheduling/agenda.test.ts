import { HOUR_MS, MINUTE_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { fixtureMeal, fixtureTime, fixtureView } from '../../test/contracts/plan-fixtures.ts';
import { type AgendaInput, assessSchedule } from './agenda.ts';
import { foodStamp } from './food-clock.ts';

const meals = [
  fixtureMeal('a', '07:00', { petId: 'luna' }),
  fixtureMeal('b', '08:00', { petId: 'milo' }),
];
const sure = foodStamp(fixtureTime('2026-11-20T05:00:00Z'));
const missed = [{ key: 'x@2026-11-20', portionGrams: 15, dueAtMs: 0 }];

function assess(at: string, patch: Partial<AgendaInput> = {}) {
  return assessSchedule({
    view: fixtureView(meals),
    now: fixtureTime(at),
    closedThroughMs: Date.parse('2026-11-20T00:00:00Z'),
    decided: new Map(),
    food: { lastSure: sure, lastCatchUp: null, lastElapsed: null, missed: [] },
    refused: new Map(),
    elapsedFeedings: [],
    feedingKey: null,
    answered: new Set(),
    unknownForMs: 0,
    ...patch,
  });
}

describe('the agenda of an evaluation', () => {
  it('serves a meal in its time before one that is late already', () => {
    const agenda = assess('2026-11-20T07:00:00Z');
    expect(agenda.decisions.map((decision) => decision.kind)).toEqual(['feed', 'feed']);
    expect(agenda.wish?.id).toBe('b@2026-11-20');
    expect(agenda.pendingFromMs).toBe(Date.parse('2026-11-20T06:00:00Z'));
  });

  it('serves a meal before a portion against starvation, and that alone when no meal is due', () => {
    const food = { lastSure: null, lastCatchUp: null, lastElapsed: null, missed };
    expect(assess('2026-11-20T06:00:00Z', { food }).wish?.id).toBe('a@2026-11-20');
    expect(assess('2026-11-20T05:00:00Z', { food }).wish?.id).toBe('starve:x@2026-11-20.never');
  });

  it('asks neither again for what was answered, nor too early for what was refused', () => {
    const food = { lastSure: null, lastCatchUp: null, lastElapsed: null, missed };
    const id = 'starve:x@2026-11-20.never';
    const at = '2026-11-20T05:00:00Z';
    expect(assess(at, { food, answered: new Set([id]) }).wish).toBeNull();
    const retryAtAgeMs = fixtureTime(at).ageMs + MINUTE_MS;
    const refused = new Map([[id, { rule: 'busy' as const, why: '', retryAtAgeMs }]]);
    const agenda = assess(at, { food, refused });
    expect(agenda.wish).toBeNull();
    expect(agenda.quietUntilAgeMs).toBe(retryAtAgeMs);
  });

  it('is quiet until the next meal, the next alarm, the end of patience or an hour', () => {
    const quiet = assess('2026-11-20T05:30:00Z');
    expect(quiet.quietUntilWallMs).toBe(Date.parse('2026-11-20T06:00:00Z'));
    expect(quiet.quietUntilAgeMs).toBe(fixtureTime('2026-11-20T06:30:00Z').ageMs);
    const hungry = assess('2026-11-20T14:30:00Z', {
      closedThroughMs: Date.parse('2026-11-20T14:00:00Z'),
      food: { lastSure: sure, lastCatchUp: null, lastElapsed: null, missed },
    });
    expect(hungry.quietUntilAgeMs).toBe(sure.ageMs + 10 * HOUR_MS);
  });

  it('knows the next occurrence that nothing was decided for', () => {
    expect(assess('2026-11-20T05:30:00Z').next?.key).toBe('a@2026-11-20');
    expect(assess('2026-11-20T09:30:00Z').next?.key).toBe('a@2026-11-21');
    expect(assess('2026-11-20T05:30:00Z', { view: fixtureView([]) }).next).toBeNull();
  });

  it('asks by elapsed time while the clock is unknown, and knows no next', () => {
    const now = fixtureTime('2026-11-20T18:00:00Z', { quality: 'unknown' });
    const agenda = assess('', { now, unknownForMs: HOUR_MS });
    expect(agenda.wish?.id).toMatch(/^elapsed:/);
    expect(agenda).toMatchObject({ next: null, decisions: [], overdue: [] });
    expect(assess('', { now, unknownForMs: 0 }).quietUntilAgeMs).toBe(now.ageMs + 30 * MINUTE_MS);
  });
});
