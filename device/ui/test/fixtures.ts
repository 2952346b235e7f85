import type { CameraView, Feeding, Status } from '@cat-feeder/shared';

/** A feeding that runs, for tests. */
export function feedingOf(change: Partial<Feeding> = {}): Feeding {
  return {
    id: 'f1',
    requestId: 'r1',
    cause: 'person',
    occurrenceKey: null,
    petId: null,
    kibbleId: null,
    portionGrams: 12,
    state: 'running',
    stage: 'coarse',
    result: null,
    fault: null,
    refusal: null,
    dose: null,
    bowlBeforeGrams: 3,
    bowlAfterGrams: null,
    turns: 0,
    attempts: 0,
    motorMs: 0,
    startedAtMs: 1_000,
    endedAtMs: null,
    clockQuality: 'synchronized',
    why: '',
    ...change,
  };
}

/** The status of a feeder at rest, for tests. */
export function statusOf(change: Partial<Status> = {}): Status {
  return {
    name: 'Kitchen',
    version: '1.0.0',
    nowMs: 1_000,
    clockQuality: 'synchronized',
    zone: 'Europe/Berlin',
    uptimeMs: 1,
    bowl: { grams: 3, sigmaGrams: 0.1, state: 'stable', ageMs: 20 },
    hopperGrams: 900,
    hopperState: 'weighed',
    hopperDaysLeft: null,
    motorOn: false,
    running: null,
    next: null,
    today: {
      localDate: '2026-11-22',
      plannedGrams: 0,
      servedGrams: 0,
      lowGrams: 0,
      highGrams: 0,
      remainingCapGrams: 200,
    },
    faults: [],
    alerts: [],
    reader: null,
    storage: { ok: true, why: '' },
    camera: null,
    cloud: null,
    simulated: true,
    components: [],
    ...change,
  };
}

/** A camera that is on, for tests. */
export function cameraOf(): CameraView {
  return {
    state: 'running',
    why: '',
    isRecording: false,
    privacy: null,
    source: 'synthetic 1280x720 at 15/s',
    encoder: 'libx264',
    ffmpegVersion: '7.1',
    viewers: 0,
    clipCount: 0,
    clipBytes: 0,
    quotaBytes: 2_048_000_000,
  };
}
