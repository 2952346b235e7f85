import type { Milliseconds } from '@cat-feeder/shared';
import type { SounderMeaning } from '../../platform/sounder.ts';

/** One piece of a sound; 0 Hz is a pause. */
export interface Tone {
  readonly hz: number;
  readonly forMs: Milliseconds;
}

/** What each meaning sounds like, at most two seconds long. A buzzer with one tone keeps the rhythm. */
export const sounds: Readonly<Record<SounderMeaning, readonly Tone[]>> = {
  ready: [
    { hz: 880, forMs: 90 },
    { hz: 0, forMs: 40 },
    { hz: 1320, forMs: 140 },
  ],
  low_food: [
    { hz: 660, forMs: 160 },
    { hz: 0, forMs: 120 },
    { hz: 660, forMs: 160 },
  ],
  pairing: [
    { hz: 1047, forMs: 60 },
    { hz: 0, forMs: 60 },
    { hz: 1047, forMs: 60 },
    { hz: 0, forMs: 60 },
    { hz: 1047, forMs: 60 },
  ],
  fault: [
    { hz: 440, forMs: 400 },
    { hz: 0, forMs: 150 },
    { hz: 330, forMs: 700 },
  ],
};
