import { FeederError } from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { ClipQueue } from '../sync/clip-io.ts';

/** The clips that the cloud does not have, in the order in which it gets them. */
export function clipQueue({ clips }: Pick<DeviceStore, 'clips'>, time: StationClock): ClipQueue {
  return {
    next: (aside) => {
      const limit = aside.size + 1;
      const wanted = [{ rank: 'failed_feeding' }, {}] as const;
      for (const filter of wanted) {
        const found = clips.list({ ...filter, isSent: false, limit });
        const next = found.find(({ id }) => !aside.has(id));
        if (next !== undefined) return next;
      }
      return undefined;
    },
    has: (id) => clips.get(id) !== undefined,
    markSent: (id) => {
      try {
        clips.setSent(id, time.now().wallMs);
      } catch (error) {
        // It was deleted while the answer came; the ledger tells the cloud.
        if (!(error instanceof FeederError && error.code === 'ERR_NOT_FOUND')) throw error;
      }
    },
  };
}
