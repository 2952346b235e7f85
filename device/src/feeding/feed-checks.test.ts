import {
  COMMAND_TTL_MS_MAX,
  DAY_MS,
  defaultSettings,
  type FeedingCause,
  HOUR_MS,
  type Milliseconds,
} from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { calmHealth } from '../../test/support/calm-health.ts';
import { checkFeed, type FeedContext } from './feed-checks.ts';
import type { FeedCommand } from './feed-command.ts';

const now = {
  wallMs: 1_000_000_000_000,
  monoMs: 5e6,
  ageMs: 5e6,
  bootId: 'b',
  quality: 'synchronized',
} as const;

/** The clock of a board that came up without one. */
const unproven = { ...now, quality: 'unknown' } as const;

const context = (over: Partial<FeedContext> = {}): FeedContext => ({
  settings: defaultSettings,
  planDayGrams: null,
  rationGrams: null,
  doses: [],
  now,
  localDateOf: () => '2026-01-01',
  overshootGrams: 1,
  isBusy: false,
  isRecovering: false,
  isStopping: false,
  isStopped: false,
  faults: [],
  interlocks: [],
  health: calmHealth,
  localMinute: 12 * 60,
  startedAtAgeMs: now.ageMs - 3_600_000,
  ...over,
});

const command = (cause: FeedingCause = 'person', over: Partial<FeedCommand> = {}): FeedCommand => ({
  requestId: 'r',
  cause,
  portionGrams: 12,
  petId: null,
  expiresAtMs: null,
  occurrence: null,
  verdict: null,
  rule: 'asked',
  why: '',
  ...over,
});

const health = context().health;
const full = (ageMs: Milliseconds) => ({ grams: 6, ageMs });
const jam = { fault: 'jam', feedingId: null, sinceMs: 0, why: '' } as const;
const overflow = { ...jam, fault: 'overflow' } as const;
const lately = {
  cause: 'person',
  petId: null,
  portionGrams: 5,
  lowGrams: 5,
  highGrams: 5,
  rationGrams: 5,
} as const;
const doseAt = (ageMs: number) => ({ ...lately, feedingId: 'f', at: { ...now, ageMs } });

test.each<[string, FeedCommand, Partial<FeedContext>, string | null]>([
  ['nothing speaks against it', command(), {}, null],
  ['the feeder is stopping', command(), { isStopping: true }, 'stopping'],
  ['somebody pressed stop while it waited', command(), { isStopped: true }, 'stopped'],
  ['another feeding runs (FMEA-46)', command(), { isBusy: true }, 'busy'],
  ['an interrupted feeding is being closed', command(), { isRecovering: true }, 'recovering'],
  [
    'I8 it expired a millisecond ago (FMEA-41)',
    command('cloud', { expiresAtMs: now.wallMs - 1 }),
    {},
    'expired',
  ],
  ['it expires now', command('cloud', { expiresAtMs: now.wallMs }), {}, null],
  [
    'I8 it expired months ago, and the clock that stands still further back cannot know',
    command('cloud', { expiresAtMs: now.wallMs + 320 * DAY_MS }),
    { now: unproven },
    'clock_unproven',
  ],
  [
    'I8 its expiry seems near, by a clock that went on from the last known time',
    command('automation', { expiresAtMs: now.wallMs + 30_000 }),
    { now: { ...now, quality: 'estimated' } },
    'clock_unproven',
  ],
  [
    'a program that names no expiry, while the clock is unknown',
    command('automation'),
    { now: unproven },
    null,
  ],
  [
    'a person at the page, which reads the clock of the feeder, unknown as it is',
    command('person', { expiresAtMs: now.wallMs + 10_000 }),
    { now: unproven },
    null,
  ],
  [
    'I8 the same person, too late by that clock',
    command('person', { expiresAtMs: now.wallMs - 1 }),
    { now: unproven },
    'expired',
  ],
  [
    'I8 a person whose expiry cannot come from the clock of the feeder',
    command('person', { expiresAtMs: now.wallMs + COMMAND_TTL_MS_MAX + 1 }),
    { now: unproven },
    'clock_unproven',
  ],
  [
    'a person whose expiry is far ahead of a clock that is right',
    command('person', { expiresAtMs: now.wallMs + COMMAND_TTL_MS_MAX + 1 }),
    {},
    null,
  ],
  ['FMEA-16 an overflow is latched', command('schedule'), { faults: [overflow] }, 'hardware_fault'],
  ['FMEA-12 a jam lets the next one try', command('schedule'), { faults: [jam] }, null],
  [
    'FMEA-04 the supply is weak',
    command(),
    { health: { ...health, undervoltage: true } },
    'hardware_fault',
  ],
  [
    'FMEA-27 the bowl is missing',
    command(),
    { health: { ...health, fault: 'bowl_missing' } },
    'hardware_fault',
  ],
  [
    'FMEA-20 a dead scale alone refuses nothing',
    command(),
    { health: { ...health, fault: 'scale_silent' } },
    null,
  ],
  [
    'seven seconds after another by hand',
    command(),
    { doses: [doseAt(now.ageMs - 7000)] },
    'min_gap',
  ],
  [
    'eleven seconds after another by hand',
    command(),
    { doses: [doseAt(now.ageMs - 11_000)] },
    null,
  ],
  [
    'a meal eleven seconds after one by hand',
    command('schedule'),
    { doses: [doseAt(now.ageMs - 11_000)] },
    'min_gap',
  ],
  [
    'hunger in the first minutes of a start: the one before may have fed it from memory',
    command('starvation'),
    { startedAtAgeMs: now.ageMs - 42_000 },
    'min_gap',
  ],
  [
    'hunger a while after a start',
    command('starvation'),
    { startedAtAgeMs: now.ageMs - 3_600_000 },
    null,
  ],
  ['a meal right after a start', command('schedule'), { startedAtAgeMs: now.ageMs - 42_000 }, null],
  [
    'quiet hours and a program',
    command('automation'),
    { settings: quiet('11:00', '13:00') },
    'quiet_hours',
  ],
  ['quiet hours and a person', command('person'), { settings: quiet('11:00', '13:00') }, null],
  [
    'quiet hours over midnight',
    command('mqtt'),
    { settings: quiet('22:00', '07:00'), localMinute: 30 },
    'quiet_hours',
  ],
  [
    'the end of quiet hours',
    command('mqtt'),
    { settings: quiet('22:00', '07:00'), localMinute: 420 },
    null,
  ],
  [
    'FMEA-28 a full bowl and a meal',
    command('schedule'),
    {
      settings: { ...defaultSettings, bowlFullGrams: 5 },
      health: { ...health, bowl: { ...health.bowl, grams: 6 } },
    },
    'bowl_full',
  ],
  [
    'FMEA-28 a bowl that was full before a cat came to it, and a meal',
    command('schedule'),
    {
      settings: { ...defaultSettings, bowlFullGrams: 5 },
      health: { ...health, bowl: { ...health.bowl, state: 'disturbed' }, bowlStill: full(60_000) },
    },
    'bowl_full',
  ],
  [
    'a bowl that has not stood still for long, and a meal',
    command('schedule'),
    {
      settings: { ...defaultSettings, bowlFullGrams: 5 },
      health: { ...health, bowl: { ...health.bowl, state: 'moving' }, bowlStill: full(HOUR_MS) },
    },
    null,
  ],
  [
    'a full bowl and a person',
    command('person'),
    {
      settings: { ...defaultSettings, bowlFullGrams: 5 },
      health: { ...health, bowl: { ...health.bowl, grams: 6 } },
    },
    null,
  ],
])('%s', (_, wish, over, rule) => {
  expect(checkFeed(wish, context(over))?.rule ?? null).toBe(rule);
});

function quiet(from: string, to: string) {
  return { ...defaultSettings, quietHours: { from, to } };
}
