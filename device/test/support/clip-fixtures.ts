import type { Clip, Feeding } from '@cat-feeder/shared';

/** A feeding that was served, for tests. */
export function feedingOf(more: Partial<Feeding> = {}): Feeding {
  return {
    id: '01h00000000000000000000000',
    requestId: 'r',
    cause: 'schedule',
    occurrenceKey: null,
    petId: null,
    kibbleId: null,
    portionGrams: 10,
    state: 'running',
    stage: 'claimed',
    result: null,
    fault: null,
    refusal: null,
    dose: null,
    bowlBeforeGrams: null,
    bowlAfterGrams: null,
    turns: 0,
    attempts: 1,
    motorMs: 0,
    startedAtMs: 0,
    endedAtMs: null,
    clockQuality: 'synchronized',
    why: '',
    ...more,
  };
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
