import { FeederError } from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { DeviceParts } from './device-parts.ts';
import { PetPresence } from './pet-presence.ts';

/** Who is at the bowl; null without a pet reader. */
export function composePresence(
  { panel, clock, station, logger }: DeviceParts,
  joined: { readonly store: DeviceStore; readonly time: StationClock; readonly live: LiveEvents },
): PetPresence | null {
  const reader = panel?.petReader ?? null;
  if (reader === null) return null;
  const { store, time, live } = joined;
  return new PetPresence({
    reader,
    clock,
    live,
    wallMs: () => time.now().wallMs,
    bowl: () => {
      const { state, grams, sigmaGrams } = station.health().bowl;
      return state !== 'stable' || grams === null ? null : { grams, sigmaGrams };
    },
    record: (visit) => {
      try {
        store.record('visit.ended', visit);
      } catch (error) {
        if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
        logger.error({ code: error.code, reason: error.message }, 'A visit was not recorded.');
      }
    },
  });
}
