import type { Clip, Feeding } from '@cat-feeder/shared';
import { sampleFeeding } from '../contracts/fake-parts.ts';

/** A feeding of the schedule that runs, for tests. */
export function feedingOf(more: Partial<Feeding> = {}): Feeding {
  const known = { id: '01h00000000000000000000000', cause: 'schedule', portionGrams: 10 } as const;
  return sampleFeeding({ ...known, ...more });
}

/** A visit's clip of 100 bytes, for tests. */
export function clipOf(more: Partial<Clip> = {}): Clip {
  return {
    id: '01h00000000000000000000000',
    rank: 'visit',
    feedingIds: [],
    visits: [],
    petIds: [],
    continues: null,
    startedMs: 1_800_000_000_000,
    durationMs: 10_000,
    gapMs: 0,
    bytes: 100,
    sha256: '0'.repeat(64),
    codec: 'h264',
    width: 1280,
    height: 720,
    frames: 150,
    hasAudio: false,
    pictures: [],
    keep: false,
    sentAtMs: null,
    ...more,
  };
}
