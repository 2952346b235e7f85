import {
  ATTEMPTS_CEILING,
  DAY_GRAMS_CEILING,
  FEEDING_GRAMS_CEILING,
  HOUR_GRAMS_CEILING,
  HOUR_MS,
  type Milliseconds,
  MOTOR_RUN_MS_CEILING,
  TURNS_CEILING,
} from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruth, FeedingTruths } from './feeding-truths.ts';

/** A day's window of the caps (docs/feeding.md): 22 hours of surely elapsed time. */
const DAY_WINDOW_MS: Milliseconds = 22 * HOUR_MS;
/** Turns and motor time may pass a ceiling by what one slice and the run-out after it add. */
const CEILING_SLACK_MS: Milliseconds = 1500;
const CEILING_SLACK_TURNS = 4;

/** Invariant 3: what truly fell, turned and ran stays under every cap. */
export class NeverTooMuch implements Checker {
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;

  readonly #isExcused: () => boolean;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    /** Food fell by itself: what fell is no measure of the portions. */
    isExcused: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#isExcused = parts.isExcused;
    parts.truths.onClosed((feeding, now) => this.#closed(feeding, now));
  }

  see(event: Observed): void {
    if (event.kind === 'entry' && event.entry.name === 'feeding.ended') {
      const { attempts, feedingId } = event.entry.body;
      if (attempts > ATTEMPTS_CEILING)
        this.#fail('I3', `feeding ${feedingId}: ${attempts} attempts`);
    }
  }

  #closed(feeding: FeedingTruth, now: Situation): void {
    const { feedingId, settings } = feeding;
    if (feeding.forwardTurns > TURNS_CEILING + CEILING_SLACK_TURNS) {
      this.#fail('I3', `feeding ${feedingId}: ${feeding.forwardTurns.toFixed(1)} turns`);
    }
    if (feeding.motorMs > MOTOR_RUN_MS_CEILING + CEILING_SLACK_MS) {
      this.#fail('I3', `feeding ${feedingId}: motor on for ${feeding.motorMs} ms`);
    }
    if (this.#isExcused()) return;
    const pieces = 2 * now.pieceGramsMax;
    this.#portion(feeding, pieces);
    this.#window(feeding, HOUR_MS, Math.min(settings.hourGramsMax, HOUR_GRAMS_CEILING) + pieces);
    this.#window(
      feeding,
      DAY_WINDOW_MS,
      Math.min(settings.dayGramsMax, DAY_GRAMS_CEILING) + pieces,
    );
  }

  #portion(feeding: FeedingTruth, pieces: number): void {
    const { feedingId, order, landedGrams, inFlightBeforeGrams, settings } = feeding;
    const cap = Math.min(settings.feedingGramsMax, FEEDING_GRAMS_CEILING);
    const allowed = order.openLoop ? order.gramsMax : order.portionGrams;
    const limit = Math.max(allowed, Math.min(cap, order.gramsMax)) + pieces + inFlightBeforeGrams;
    if (landedGrams > limit) {
      this.#fail(
        'I3',
        `feeding ${feedingId}: ${landedGrams.toFixed(2)} g fell for ${order.portionGrams} g (at most ${order.gramsMax.toFixed(2)} + ${pieces.toFixed(2)} g)`,
      );
    }
  }

  #window(feeding: FeedingTruth, windowMs: Milliseconds, limit: number): void {
    let sum = 0;
    for (const other of this.#truths.recent) {
      if (!other.isClosed || other.lastMotionMs <= feeding.orderedAtMs - windowMs) continue;
      sum += other.landedGrams;
    }
    if (sum > limit) {
      this.#fail(
        'I3',
        `${sum.toFixed(2)} g fell within ${windowMs / HOUR_MS} h, cap ${limit.toFixed(2)} g`,
      );
    }
  }
}
