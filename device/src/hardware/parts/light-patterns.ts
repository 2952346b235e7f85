import type { Milliseconds } from '@cat-feeder/shared';
import type { IndicatorMeaning } from '../../platform/indicator.ts';

/** How a meaning looks: on and off in turn. An `offMs` of 0 is steady light, an `onMs` of 0 darkness. */
export interface LightPattern {
  readonly onMs: Milliseconds;
  readonly offMs: Milliseconds;
}

/** One light, six meanings: told apart by rhythm, so that nobody needs to see colours. */
export const lightPatterns: Readonly<Record<IndicatorMeaning, LightPattern>> = {
  off: { onMs: 0, offMs: 1000 },
  ready: { onMs: 1000, offMs: 0 },
  feeding: { onMs: 750, offMs: 250 },
  low_food: { onMs: 100, offMs: 2900 },
  pairing: { onMs: 500, offMs: 500 },
  fault: { onMs: 120, offMs: 120 },
};
