import { HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { TagReading } from '../../pets/pet-reader.ts';
import type { Clock } from '../../platform/clock.ts';
import type { PartCheck } from '../../platform/part.ts';

/** What is said when no tag came. */
const NO_TAG: PartCheck = {
  ok: false,
  found: 'No tag was read.',
  fix: 'Hold a tag flat to the middle of the coil, and away from metal and from the motor.',
};

/** Those who wait for the next tag. */
export class TagWait {
  readonly #clock: Clock;
  readonly #waiting = new Set<(check: PartCheck) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Passed by the next tag; after `waitMs` (at most an hour) the failure, or what it is due to. */
  next(waitMs: Milliseconds, failure: () => PartCheck | null): Promise<PartCheck> {
    return new Promise((resolve) => {
      const end = (check: PartCheck) => {
        cancel();
        this.#waiting.delete(end);
        resolve(check);
      };
      const cancel = this.#clock.after('tag at the reader', Math.min(waitMs, HOUR_MS), () =>
        end(failure() ?? NO_TAG),
      );
      this.#waiting.add(end);
    });
  }

  /** A tag was read. */
  came({ id }: TagReading): void {
    this.#endAll({ ok: true, found: `The reader read the tag ${id}.`, fix: null });
  }

  /** Nobody will be told of a tag any more. */
  close(): void {
    this.#endAll({ ok: false, found: 'The reader was closed.', fix: null });
  }

  #endAll(check: PartCheck): void {
    for (const end of [...this.#waiting]) end(check);
  }
}
