import { type BowlReading, type Milliseconds, SECOND_MS } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';

/**
 * So long after its start the feeder waits for the first word of the scale: readings at rest come
 * within 1.5 s, and a converter that gives none is known to be silent after two of its silences,
 * 2.8 s. Whoever asks for food meanwhile waits no longer than for any slow answer.
 */
export const FIRST_READING_MS_MAX: Milliseconds = 3 * SECOND_MS;
/** The reading lies in shared memory, so a look costs nothing. */
const LOOK_EVERY_MS: Milliseconds = 100;

/**
 * Whether the scale has spoken since the start, with a reading or with a fault. Before that nobody
 * knows whether a portion can be weighed, which decides its size and what is reserved for it.
 */
export class FirstReading {
  readonly #bowl: () => BowlReading;
  readonly #clock: Clock;
  readonly #untilMs: Milliseconds;
  #isKnown = false;
  #waiting: PromiseWithResolvers<void> | null = null;
  #cancelLook: Cancel = () => {};

  constructor(parts: { readonly bowl: () => BowlReading; readonly clock: Clock }) {
    this.#bowl = parts.bowl;
    this.#clock = parts.clock;
    this.#untilMs = parts.clock.monoMs() + FIRST_READING_MS_MAX;
  }

  /** Once true it stays true: it is about the start alone. */
  isKnown(): boolean {
    if (this.#isKnown) return true;
    const { grams, state } = this.#bowl();
    const hasSpoken = grams !== null || state !== 'moving';
    this.#isKnown = hasSpoken || this.#clock.monoMs() >= this.#untilMs;
    return this.#isKnown;
  }

  /** Resolves when it is known, `FIRST_READING_MS_MAX` after the start at the latest; never rejects. */
  async known(): Promise<void> {
    if (this.isKnown()) return;
    if (this.#waiting === null) {
      this.#waiting = Promise.withResolvers();
      this.#lookAgain();
    }
    await this.#waiting.promise;
  }

  /** Whoever waits goes on; nothing looks any more. */
  close(): void {
    this.#cancelLook();
    this.#isKnown = true;
    this.#waiting?.resolve();
  }

  #lookAgain(): void {
    const leftMs = Math.max(1, this.#untilMs - this.#clock.monoMs());
    this.#cancelLook = this.#clock.after('first reading', Math.min(LOOK_EVERY_MS, leftMs), () => {
      if (this.isKnown()) this.#waiting?.resolve();
      else this.#lookAgain();
    });
  }
}
