import type { Feeding, FeedRequest } from '@cat-feeder/shared';
import type { FeedDoor } from '../api/deps.ts';
import type { FeedService } from '../feeding/feed-service.ts';
import type { FirstReading } from '../feeding/first-reading.ts';

/**
 * The way of people and programs to the dispenser. What is asked for in the first moments after a
 * start waits there for the scale's first word; a stop in between ends the wish, too.
 */
export class FeedDoorway implements FeedDoor {
  readonly #feeding: Pick<FeedService, 'feed' | 'cancel' | 'stopAll' | 'stops' | 'running'>;
  readonly #scale: Pick<FirstReading, 'isKnown' | 'known'>;

  constructor(parts: {
    feeding: Pick<FeedService, 'feed' | 'cancel' | 'stopAll' | 'stops' | 'running'>;
    scale: Pick<FirstReading, 'isKnown' | 'known'>;
  }) {
    this.#feeding = parts.feeding;
    this.#scale = parts.scale;
  }

  async feed(request: FeedRequest): Promise<{ feeding: Feeding; created: boolean }> {
    const stopsBefore = this.#feeding.stops();
    if (!this.#scale.isKnown()) await this.#scale.known();
    return this.#feeding.feed(request, stopsBefore);
  }

  cancel(feedingId: string): Promise<Feeding> {
    return this.#feeding.cancel(feedingId);
  }

  stopAll(): Promise<void> {
    return this.#feeding.stopAll();
  }

  running(): Feeding | null {
    return this.#feeding.running();
  }
}
