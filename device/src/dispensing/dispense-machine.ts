import type { FeedingStage } from '@cat-feeder/shared';

/*
 * One run of the dispenser.
 *
 *   claimed --begin--> baseline --still--> coarse --near--> fine --enough--> settling --calm--> verifying --enough--> done
 *                         |                  |  ^            |  ^                ^                  |
 *                         |                  |  +------------|--|----lacking-----|------------------+ (to fine)
 *                         |                  +--stuck--> unjam -+ freed (to coarse)
 *                         |                  |             |
 *                         |                  |             +--give_up--> settling
 *                         +--disturb--> disturbed <--disturb-- coarse, fine, unjam, settling, verifying
 *                                            |
 *                                            +--still (to coarse), blind (to coarse, by turns)
 *   any stage --give_up--> settling (what fell is weighed), from claimed and baseline --> done
 *   any stage --finish--> done
 *
 * I1 The motor may turn in coarse, fine and unjam only.
 * I2 Nothing leaves done.
 * I3 Every way to a portion leads through baseline, and every way from motion to done through
 *    settling, except `finish`, which the loop uses when nothing can be weighed any more.
 * I4 After give_up the motor never turns again: settling and verifying lead to done (`lacking` is
 *    refused by the loop once it is closing).
 */
export type StageEvent =
  | 'begin'
  | 'still'
  | 'near'
  | 'enough'
  | 'calm'
  | 'lacking'
  | 'stuck'
  | 'freed'
  | 'disturb'
  | 'blind'
  | 'give_up'
  | 'finish';

/** The stages in which the motor may turn. */
export const motionStages: ReadonlySet<FeedingStage> = new Set(['coarse', 'fine', 'unjam']);

const ways: Readonly<Record<FeedingStage, Partial<Record<StageEvent, FeedingStage>>>> = {
  claimed: { begin: 'baseline', give_up: 'done', finish: 'done' },
  baseline: {
    still: 'coarse',
    blind: 'coarse',
    disturb: 'disturbed',
    give_up: 'done',
    finish: 'done',
  },
  coarse: {
    near: 'fine',
    enough: 'settling',
    stuck: 'unjam',
    disturb: 'disturbed',
    give_up: 'settling',
    finish: 'done',
  },
  fine: {
    enough: 'settling',
    lacking: 'coarse',
    stuck: 'unjam',
    disturb: 'disturbed',
    blind: 'coarse',
    give_up: 'settling',
    finish: 'done',
  },
  unjam: {
    freed: 'coarse',
    disturb: 'disturbed',
    blind: 'coarse',
    give_up: 'settling',
    finish: 'done',
  },
  disturbed: { still: 'coarse', blind: 'coarse', give_up: 'settling', finish: 'done' },
  settling: {
    calm: 'verifying',
    disturb: 'disturbed',
    blind: 'coarse',
    finish: 'done',
  },
  verifying: {
    enough: 'done',
    lacking: 'fine',
    disturb: 'disturbed',
    give_up: 'settling',
    finish: 'done',
  },
  done: {},
};

/** The stage after an event; an event without a way leaves the stage as it is. */
export function nextStage(stage: FeedingStage, event: StageEvent): FeedingStage {
  return ways[stage][event] ?? stage;
}
