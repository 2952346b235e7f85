import { PORTION_GRAMS_MIN } from '@cat-feeder/shared';
import type { StationHealth } from '../dispensing/feed-station.ts';
import { MAINTENANCE_SHARE } from './fault-effects.ts';
import type { FeedCommand } from './feed-command.ts';
import { ownDecisions } from './portion-limits.ts';

/** Whether the bowl's cell says nothing that can be used: portions are then by turns. */
export function isScaleDead({ bowl }: StationHealth): boolean {
  return bowl.state === 'silent' || bowl.state === 'stuck' || bowl.state === 'saturated';
}

/**
 * What the feeder decides by itself becomes smaller while the scale is dead, so that even the
 * worst error of a portion by turns stays within the portion. A person gets what was asked for.
 */
export function maintenancePortion(command: FeedCommand): FeedCommand {
  if (!ownDecisions.has(command.cause)) return command;
  return {
    ...command,
    portionGrams: Math.max(PORTION_GRAMS_MIN, command.portionGrams * MAINTENANCE_SHARE),
    verdict: command.verdict === null ? null : 'fed_reduced',
    rule: 'maintenance_scale_dead',
  };
}
