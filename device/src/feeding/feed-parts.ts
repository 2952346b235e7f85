import type { Feeding, Grams, Kibble, KibbleModel, Settings } from '@cat-feeder/shared';
import type { DispenseOutcome, DispenseProgress, FeedStation } from '../dispensing/feed-station.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { FaultLatch } from './fault-latch.ts';
import type { checkFeed } from './feed-checks.ts';
import type { FeedingJournal } from './feeding-journal.ts';
import type { Interlocks } from './interlocks.ts';
import type { MemoryOnly } from './memory-only.ts';
import type { UnwrittenOutcomes } from './unwritten-outcomes.ts';

/** What the feeding rules ask of the rest of the feeder. */
export interface FeedServiceParts {
  readonly station: FeedStation;
  readonly journal: FeedingJournal;
  readonly faults: FaultLatch;
  readonly interlocks: Interlocks;
  readonly unwritten: UnwrittenOutcomes;
  readonly memoryOnly: MemoryOnly;
  readonly time: StationClock;
  readonly settings: () => Settings;
  /** The kibble in the hopper; null when the owner has named none. */
  readonly kibble: () => Kibble | null;
  /** What is known of the food when no kibble is named or it was never fed. */
  readonly guess: () => KibbleModel;
  /** What the maker of the dispenser says of any food. */
  readonly makersGuess: KibbleModel;
  readonly learn: (model: KibbleModel, outcome: DispenseOutcome) => KibbleModel | null;
  /** A pet's ration; null without one, undefined for an unknown pet. */
  readonly rationOf: (petId: string) => Grams | null | undefined;
  readonly planDayGrams: () => Grams | null;
  readonly localTime: (wallMs: number) => { readonly date: string; readonly minute: number };
  readonly newId: (wallMs: number) => string;
  readonly onFeeding: (feeding: Feeding) => void;
  readonly onProgress: (progress: DispenseProgress) => void;
  readonly check: typeof checkFeed;
  /** The control loop or the program is broken: the caller stops the motor and the daemon. */
  readonly onFatal: (error: unknown) => void;
  readonly logger: Logger;
}
