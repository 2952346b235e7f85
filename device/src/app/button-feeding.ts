import {
  type EpochMs,
  FeederError,
  type Feeding,
  type FeedRequest,
  type Grams,
} from '@cat-feeder/shared';
import type { PressPattern } from '../platform/front-button.ts';
import type { Logger } from '../platform/logger.ts';

export interface ButtonFeedingParts {
  readonly feeding: {
    feed(request: FeedRequest): Promise<unknown>;
    running(): Feeding | null;
  };
  /** What a press feeds; 0: the button only stops. */
  readonly portionGrams: Grams;
  readonly newId: (wallMs: EpochMs) => string;
  readonly wallMs: () => EpochMs;
  /** Stops the motor and whatever feeding runs. */
  readonly stop: () => void;
  /** The feeder did not do what the finger wanted. */
  readonly onRefused: () => void;
  readonly logger: Logger;
}

/**
 * What the front button does. While a feeding runs, every pattern stops it; otherwise a single
 * press feeds, by the rules that hold for every feeding. A long or a double press never feeds.
 */
export class ButtonFeeding {
  readonly #parts: ButtonFeedingParts;

  constructor(parts: ButtonFeedingParts) {
    this.#parts = parts;
  }

  /** Resolves when the wish was taken or refused; rejects with what is no refusal. */
  async press(pattern: PressPattern): Promise<void> {
    const { feeding, stop, portionGrams } = this.#parts;
    if (feeding.running() !== null) stop();
    else if (pattern === 'press' && portionGrams > 0) await this.#feed();
  }

  async #feed(): Promise<void> {
    const { feeding, portionGrams, newId, wallMs, onRefused, logger } = this.#parts;
    // Each press is a wish of its own: its id is made here, once.
    const requestId = `button:${newId(wallMs())}`;
    try {
      await feeding.feed({ requestId, portionGrams, petId: null, cause: 'button' });
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      logger.info(
        { code: error.code, requestId, reason: error.message },
        'The button was refused.',
      );
      onRefused();
    }
  }
}
