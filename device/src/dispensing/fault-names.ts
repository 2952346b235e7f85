import type { Fault } from '@cat-feeder/shared';
import type { Run } from './run.ts';

/** A hopper that lost this many grams while nothing reached the bowl is not where the food hangs. */
const HOPPER_LOST_GRAMS = 4;
const HOPPER_WINDOW_MS = 1000;

/**
 * The fault by the name of its cause, from motor progress, current, bowl and hopper. Without a
 * cell under the hopper an empty one and a bridged one look alike; then the likelier is named.
 */
export function nameFault(run: Run): Fault {
  const { meter, suspicion, traits } = run;
  if (suspicion === 'dead' || meter.isSilent) return 'motor_dead';
  if (suspicion === 'stall') {
    const hasNoSign = traits.stallMilliamps === null && meter.edgesSeen === 0;
    return hasNoSign ? 'motor_dead' : 'jam';
  }
  if (suspicion === 'slow_flow') return 'slow_flow';
  const lost = hopperLostGrams(run);
  if (lost === null) return 'hopper_empty';
  if (lost > HOPPER_LOST_GRAMS) return 'chute_blocked';
  return 'bridged';
}

/** What left the hopper beyond what reached the bowl; null without a cell under it. */
function hopperLostGrams(run: Run): number | null {
  const now = run.hopper.median(HOPPER_WINDOW_MS);
  const { account, bowl } = run;
  const open = bowl.filter.massGrams - account.anchorGrams;
  const served = Math.max(0, account.likelyGrams + (Number.isNaN(open) ? 0 : open));
  const lost = run.hopperBeforeGrams - now - served * 1.1;
  return Number.isFinite(lost) ? lost : null;
}
