import { HOUR_MS, MINUTE_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  fixtureMeal,
  fixtureOverlay,
  fixtureTime,
  fixtureView,
} from '../../test/contracts/plan-fixtures.ts';
import { type ElapsedInput, elapsedPortion, meanRhythm } from './elapsed-time.ts';
import { foodStamp } from './food-clock.ts';

const meals = [
  fixtureMeal('a', '06:00'),
  fixtureMeal('b', '14:00'),
  fixtureMeal('c', '22:00', { portionGrams: 32 }),
];
const now = fixtureTime('2026-11-20T12:00:00Z', { quality: 'unknown', wallMs: 1000 });
const stampAgo = (ms: number) =>
  foodStamp({ ...now, ageMs: now.ageMs - ms, monoMs: now.monoMs - ms });
const nothing = { lastSure: null, lastCatchUp: null, lastElapsed: null, missed: [] };

function decide(patch: Partial<ElapsedInput> = {}) {
  return elapsedPortion({
    view: fixtureView(meals),
    now,
    food: nothing,
    unknownForMs: HOUR_MS,
    closedThroughMs: null,
    ...patch,
  });
}

describe('the mean rhythm of a plan', () => {
  it('is its interval, and three quarters of its amount', () => {
    expect(meanRhythm(fixtureView(meals), '2026-11-20')).toEqual({
      intervalMs: 8 * HOUR_MS,
      portionGrams: 18,
    });
  });

  it('is at most a day and at least two hours, with the amount kept', () => {
    const weekly = fixtureView([fixtureMeal('a', '06:00', { weekdays: [1], portionGrams: 70 })]);
    expect(meanRhythm(weekly, '2026-11-20')).toEqual({
      intervalMs: 24 * HOUR_MS,
      portionGrams: 7.5,
    });
    const often = fixtureView(
      Array.from({ length: 24 }, (_, i) => fixtureMeal(`m${i}`, '06:00', { portionGrams: 2 })),
    );
    expect(meanRhythm(often, '2026-11-20')).toEqual({ intervalMs: 2 * HOUR_MS, portionGrams: 3 });
    expect(meanRhythm(fixtureView([]), '2026-11-20')).toBeNull();
  });
});

describe('FMEA-30 feeding while the time is unknown', () => {
  it('waits half an hour for the clock', () => {
    expect(decide({ unknownForMs: 29 * MINUTE_MS })).toMatchObject({
      kind: 'wait',
      dueAtAgeMs: now.ageMs + MINUTE_MS,
    });
    expect(decide({ unknownForMs: 30 * MINUTE_MS }).kind).toBe('feed');
  });

  it('E1 keeps the interval from the last food, of whichever kind, in lived time', () => {
    for (const kind of ['lastSure', 'lastElapsed'] as const) {
      const early = { ...nothing, [kind]: stampAgo(7 * HOUR_MS) };
      expect(decide({ food: early })).toMatchObject({ dueAtAgeMs: now.ageMs + HOUR_MS });
      expect(decide({ food: { ...nothing, [kind]: stampAgo(8 * HOUR_MS) } }).kind).toBe('feed');
    }
  });

  it('E2 has one id for one interval after one feeding', () => {
    const id = (agoHours: number, laterMs = 0) => {
      const decision = decide({
        food: { ...nothing, lastElapsed: stampAgo(agoHours * HOUR_MS) },
        now: { ...now, ageMs: now.ageMs + laterMs },
      });
      return decision.kind === 'feed' ? decision.order.requestId : null;
    };
    expect(id(8)).toBe(id(8, 5 * MINUTE_MS));
    expect(id(8)).not.toBe(id(8, 8 * HOUR_MS));
    expect(id(8)).not.toBe(id(9));
    expect(id(8)).toMatch(/^elapsed:\d+:1$/);
  });

  it('E3 keeps a pause that may still hold', () => {
    const untilMs = Date.parse('2026-11-20T10:00:00Z');
    const view = fixtureView(meals, [fixtureOverlay({ kind: 'pause', untilMs, note: '' })]);
    expect(decide({ view }).kind).toBe('wait');
    expect(decide({ view, closedThroughMs: untilMs - 2 * HOUR_MS }).kind).toBe('wait');
    expect(decide({ view, closedThroughMs: untilMs - HOUR_MS }).kind).toBe('feed');
  });

  it('feeds nothing without a plan', () => {
    expect(decide({ view: fixtureView([]) })).toMatchObject({
      kind: 'wait',
      dueAtAgeMs: Number.POSITIVE_INFINITY,
    });
  });
});
