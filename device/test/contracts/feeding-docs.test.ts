import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import type { BoardTraits } from '../../src/dispensing/control-board.ts';
import { runLimits } from '../../src/dispensing/run-limits.ts';
import { checkFeed, type FeedContext } from '../../src/feeding/feed-checks.ts';
import type { FeedCommand } from '../../src/feeding/feed-command.ts';
import { calmHealth } from '../support/calm-health.ts';

const docs = join(import.meta.dirname, '../../../docs');
const page = readFileSync(join(docs, 'feeding.md'), 'utf8');
const failures = readFileSync(join(docs, 'failure-modes.md'), 'utf8');

/** The rules of the page's numbered list, those of one item together. */
function documentedRules(): string[][] {
  const [, list = ''] = /<!-- order of checks:.*-->\n([\s\S]*?)\n\n/.exec(page) ?? [];
  return list
    .split(/^\d+\. /m)
    .slice(1)
    .map((item) =>
      [...(item.split(':')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, rule]) => rule ?? ''),
    );
}

const wallMs = 1_800_000_000_000;
const now = { wallMs, monoMs: 5e6, ageMs: 5e6, bootId: 'b', quality: 'synchronized' } as const;
const fed = { cause: 'person', petId: null, portionGrams: 5, lowGrams: 5, highGrams: 5 } as const;

const command: FeedCommand = {
  requestId: 'r',
  cause: 'automation',
  portionGrams: 149,
  petId: null,
  expiresAtMs: wallMs - 1,
  occurrence: null,
  verdict: null,
  rule: 'asked',
  why: '',
};

/** All that can speak against a feeding at once. */
const worst: FeedContext = {
  settings: { ...defaultSettings, quietHours: { from: '00:00', to: '23:59' }, bowlFullGrams: 30 },
  planDayGrams: null,
  rationGrams: null,
  doses: [{ ...fed, rationGrams: 5, feedingId: 'f', at: now }],
  now,
  localDateOf: () => '2027-01-15',
  overshootGrams: 1,
  isBusy: true,
  isRecovering: false,
  isStopping: true,
  isStopped: true,
  faults: [{ fault: 'overflow', feedingId: null, sinceMs: 0, why: '' }],
  interlocks: ['lid_open'],
  health: { ...calmHealth, bowl: { ...calmHealth.bowl, grams: 100 } },
  localMinute: 12 * 60,
  startedAtAgeMs: now.ageMs - 3_600_000,
};

const timely = { ...command, expiresAtMs: null };
/** What is mended after each answer, one thing at a time. */
const mended: readonly (readonly [FeedCommand, Partial<FeedContext>])[] = [
  [command, {}],
  [command, { isStopping: false, isStopped: false }],
  [timely, {}],
  [timely, { isBusy: false }],
  [timely, { faults: [] }],
  [timely, { interlocks: [] }],
  [timely, { localMinute: null }],
  [timely, { doses: [] }],
  [timely, { health: { ...worst.health, bowl: { ...worst.health.bowl, grams: 3 } } }],
];

test('docs/feeding.md names the checks of a command in the order of the code', () => {
  let context = worst;
  const rules = mended.map(([asked, change]) => {
    context = { ...context, ...change };
    return checkFeed(asked, context)?.rule ?? 'none';
  });
  const documented = documentedRules();
  expect(documented).toHaveLength(rules.length);
  documented.forEach((item, index) => {
    expect(item, `check ${index + 1}`).toContain(rules[index]);
  });
  expect(new Set(rules).size).toBe(rules.length);
});

test('docs/feeding.md names every rule of the interlocks and the caps at its check', () => {
  const documented = documentedRules();
  const clear = { ...worst, isStopping: false, isStopped: false, isBusy: false, faults: [] };
  for (const held of ['lid_open', 'power_failing', 'bowl_missing'] as const) {
    const rule = checkFeed(timely, { ...clear, interlocks: [held] })?.rule ?? 'none';
    expect(documented[4], held).toContain(rule);
  }
  expect(documented.at(-1)).toEqual([
    'cap_feeding',
    'cap_pet_day',
    'cap_hour',
    'cap_day',
    'cap_plan',
  ]);
});

test('FMEA-26 docs/feeding.md has the bounds of turning that the code holds', () => {
  const [, table = ''] = /<!-- turn bounds:.*-->\n[^\n]*\n[^\n]*\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const rows = table.split('\n').map((row) => row.split('|').slice(1, -1).map(Number.parseFloat));
  expect(rows.map(([grams]) => grams)).toEqual([3, 10, 40]);
  const model = { gramsPerTurnSd: 0.4, inFlightGrams: 1, inFlightGramsSd: 0.2, kibbleGrams: 0.2 };
  const gramsPerTurn = 5;
  const traits = { nominalTurnsPerSecond: 0.75 } as BoardTraits;
  for (const [portionGrams = 0, ...documented] of rows) {
    const found = [20, 1, 0].map((samples) => {
      const order = { feedingId: 'f', portionGrams, gramsMax: 150, openLoop: false };
      const { turnsMax } = runLimits(
        { ...order, model: { ...model, gramsPerTurn, samples } },
        traits,
      );
      return Math.round((100 * turnsMax * gramsPerTurn) / portionGrams) / 100;
    });
    expect(documented, `${portionGrams} g`).toEqual(found);
    if (portionGrams !== 10) expect(failures).toContain(`at ${found[0]?.toFixed(1)} times `);
  }
});
