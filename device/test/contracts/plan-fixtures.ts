import {
  defaultSettings,
  type Meal,
  type Occurrence,
  type Overlay,
  type OverlayInput,
  type Settings,
} from '@cat-feeder/shared';
import type { StationTime } from '../../src/platform/clock.ts';
import type { PlanView } from '../../src/scheduling/schedule-store.ts';
import { mealInput } from './schedule-bench.ts';

/** A meal of the fixtures' plan, every day, 20 g; its id is a single letter. */
export function fixtureMeal(id: string, time: Meal['time'], patch: Partial<Meal> = {}): Meal {
  const base = { ...mealInput(time), id, rev: 1, planId: 'plan', effectiveFromMs: 0 };
  return { ...base, ...patch } as Meal;
}

/** Overlays as the store would hold them, made at the beginning of time unless they say so. */
export function fixtureOverlay(input: OverlayInput, createdAtMs = 0): Overlay {
  return { ...input, id: `overlay-${createdAtMs}`, rev: 1, createdAtMs };
}

/** A plan in Berlin, which is an hour ahead of UTC in winter. */
export function fixtureView(
  meals: readonly Meal[],
  overlays: readonly Overlay[] = [],
  settings: Partial<Settings> = {},
): PlanView {
  return {
    settings: { ...defaultSettings, zone: 'Europe/Berlin', activePlanId: 'plan', ...settings },
    plans: [
      { id: 'plan', rev: 1, name: 'Plan' },
      { id: 'diet', rev: 1, name: 'Diet' },
    ],
    meals,
    overlays,
  };
}

/** An instant, by a clock that is right; lived time is counted from 20 November 2026. */
export function fixtureTime(instant: string, patch: Partial<StationTime> = {}): StationTime {
  const wallMs = Date.parse(instant);
  const ageMs = wallMs - Date.parse('2026-11-20T00:00:00Z');
  return { wallMs, monoMs: ageMs, ageMs, bootId: 'boot-1', quality: 'synchronized', ...patch };
}

/** A row as the store would give it back. */
export function fixtureRow(occurrence: Occurrence, patch: Partial<Occurrence>): Occurrence {
  return { ...occurrence, state: 'closed', rule: 'test', why: 'By the test.', ...patch };
}
