import type { FeedingStage } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { motionStages, nextStage, type StageEvent } from './dispense-machine.ts';

const same = '-';
type Row = Record<StageEvent, FeedingStage | typeof same>;

/** Every stage against every event; `-` means that the event changes nothing there. */
const table: Record<FeedingStage, Row> = {
  claimed: row({ begin: 'baseline', give_up: 'done', finish: 'done' }),
  baseline: row({
    still: 'coarse',
    blind: 'coarse',
    disturb: 'disturbed',
    give_up: 'done',
    finish: 'done',
  }),
  coarse: row({
    near: 'fine',
    enough: 'settling',
    stuck: 'unjam',
    disturb: 'disturbed',
    give_up: 'settling',
    finish: 'done',
  }),
  fine: row({
    enough: 'settling',
    lacking: 'coarse',
    stuck: 'unjam',
    disturb: 'disturbed',
    blind: 'coarse',
    give_up: 'settling',
    finish: 'done',
  }),
  unjam: row({
    freed: 'coarse',
    disturb: 'disturbed',
    blind: 'coarse',
    give_up: 'settling',
    finish: 'done',
  }),
  disturbed: row({ still: 'coarse', blind: 'coarse', give_up: 'settling', finish: 'done' }),
  settling: row({ calm: 'verifying', disturb: 'disturbed', blind: 'coarse', finish: 'done' }),
  verifying: row({
    enough: 'done',
    lacking: 'fine',
    disturb: 'disturbed',
    give_up: 'settling',
    finish: 'done',
  }),
  done: row({}),
};

function row(ways: Partial<Row>): Row {
  return {
    begin: same,
    still: same,
    near: same,
    enough: same,
    calm: same,
    lacking: same,
    stuck: same,
    freed: same,
    disturb: same,
    blind: same,
    give_up: same,
    finish: same,
    ...ways,
  };
}

const stages = Object.keys(table) as FeedingStage[];
const events = Object.keys(table.done) as StageEvent[];

describe('the stages of a run', () => {
  const cases = stages.flatMap((stage) => events.map((event) => [stage, event] as const));
  it.each(cases)('%s on %s', (stage, event) => {
    const wanted = table[stage][event];
    expect(nextStage(stage, event)).toBe(wanted === same ? stage : wanted);
  });

  it('I1 lets the motor turn in coarse, fine and unjam only', () => {
    expect(stages.filter((stage) => motionStages.has(stage))).toEqual(['coarse', 'fine', 'unjam']);
  });

  it('I2 I3 leaves done never, and reaches it from motion only through settling or finish', () => {
    const walk = fc.array(fc.constantFrom(...events), { maxLength: 60 });
    fc.assert(
      fc.property(walk, (path) => {
        let stage: FeedingStage = 'claimed';
        let hasBaseline = false;
        for (const event of path) {
          const next = nextStage(stage, event);
          if (stage === 'done') expect(next).toBe('done');
          if (next === 'baseline') hasBaseline = true;
          if (motionStages.has(next)) expect(hasBaseline).toBe(true);
          if (motionStages.has(stage) && event !== 'finish') expect(next).not.toBe('done');
          stage = next;
        }
      }),
    );
  });
});
