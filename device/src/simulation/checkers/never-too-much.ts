import {
  ATTEMPTS_CEILING,
  DAY_GRAMS_CEILING,
  FEEDING_GRAMS_CEILING,
  type Grams,
  HOUR_GRAMS_CEILING,
  HOUR_MS,
  type Milliseconds,
  MOTOR_RUN_MS_CEILING,
  TURNS_CEILING,
} from '@cat-feeder/shared';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruth, FeedingTruths } from './feeding-truths.ts';

/** A day's window of the caps (docs/feeding.md): 22 hours of surely elapsed time. */
const DAY_WINDOW_MS: Milliseconds = 22 * HOUR_MS;
/** Turns and motor time may pass a ceiling by what one slice and the run-out after it add. */
const CEILING_SLACK_MS: Milliseconds = 1500;
const CEILING_SLACK_TURNS = 4;

/**
 * An attempt to free the dispenser has two strokes backwards at most, with a rest before each. One
 * or two may be broken off by lost readings or a weak supply and seem to be more.
 */
const STROKES_MAX = 2 * ATTEMPTS_CEILING + 2;
const STROKE_PAUSE_MS: Milliseconds = 220;

/** A portion gets at most this much more turning than its model wants (FMEA-26). */
const TURNS_SHARE_MAX = 1.25;
/** A turn may move this much more than the mean of its food. */
const FLOW_SPREAD = 1.3;
/** Turns on top of the share, for the play of the screw. */
const START_TURNS = 1;

/** Invariant 3: what truly fell, turned and ran stays under every cap. */
export class NeverTooMuch implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;

  readonly #isExcused: () => boolean;

  readonly #isTimeHonest: () => boolean;
  readonly #turnGrams: () => Grams;
  #strokes = 0;
  #lastReverseMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Feedings in which more fell than was reserved and two pieces. */
  overshoots = 0;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    /** Food fell by itself: what fell is no measure of the portions. */
    isExcused: () => boolean;
    /** Whether the feeder could know how much time has passed. */
    isTimeHonest: () => boolean;
    /** What a turn truly moves on average. */
    turnGrams: () => Grams;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#isExcused = parts.isExcused;
    this.#isTimeHonest = parts.isTimeHonest;
    this.#turnGrams = parts.turnGrams;
    parts.truths.onClosed((feeding, now) => this.#closed(feeding, now));
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'order') {
      this.#strokes = 0;
      this.#lastReverseMs = Number.NEGATIVE_INFINITY;
    } else if (event.kind === 'slice' && event.direction === 'reverse') {
      const isNew = now.nowMs - this.#lastReverseMs > STROKE_PAUSE_MS;
      this.#lastReverseMs = now.nowMs;
      if (!isNew) return;
      this.#strokes += 1;
      if (this.#strokes !== STROKES_MAX + 1) return;
      this.#fail('I3', `feeding ${event.feedingId}: ${this.#strokes} strokes backwards`);
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
    if (!this.#isTimeHonest()) return;
    this.#window(feeding, HOUR_MS, Math.min(settings.hourGramsMax, HOUR_GRAMS_CEILING) + pieces);
    this.#window(
      feeding,
      DAY_WINDOW_MS,
      Math.min(settings.dayGramsMax, DAY_GRAMS_CEILING) + pieces,
    );
  }

  /**
   * The portion may be passed by two pieces where the scale sees all, and by what the bound on
   * turns lets through where a cat takes food away meanwhile: a quarter more, one turn for each
   * way out of a jam, and the doubt about a food that is not known yet.
   */
  #portion(feeding: FeedingTruth, pieces: number): void {
    const { feedingId, order, landedGrams, inFlightBeforeGrams, settings } = feeding;
    const cap = Math.min(settings.feedingGramsMax, FEEDING_GRAMS_CEILING);
    if (order.portionGrams > cap + 0.001) {
      this.#fail('I3', `feeding ${feedingId} of ${order.portionGrams} g, the cap is ${cap} g`);
    }
    const usual = order.gramsMax + pieces + inFlightBeforeGrams;
    if (landedGrams > usual) this.overshoots += 1;
    const turnGrams = this.#turnGrams();
    const byTurns = TURNS_SHARE_MAX * order.portionGrams * doubtOf(order) * FLOW_SPREAD;
    const ways = ((feeding.ended?.attempts ?? ATTEMPTS_CEILING) + START_TURNS) * turnGrams;
    const limit = Math.max(usual, byTurns + ways + pieces + inFlightBeforeGrams);
    if (landedGrams > limit) {
      this.#fail(
        'I3',
        `feeding ${feedingId}: ${landedGrams.toFixed(2)} g fell for ${order.portionGrams} g, at most ${limit.toFixed(2)} g could`,
      );
    }
  }

  #window(feeding: FeedingTruth, windowMs: Milliseconds, limit: number): void {
    let sum = 0;
    for (const other of this.#truths.recent) {
      if (!other.isClosed || other.lastMotionMs <= feeding.orderedAtMs - windowMs) continue;
      sum += countedGrams(other);
    }
    if (sum > limit) {
      this.#fail(
        'I3',
        `${sum.toFixed(2)} g fell within ${windowMs / HOUR_MS} h, cap ${limit.toFixed(2)} g`,
      );
    }
  }
}

/**
 * What a feeding counts against the caps: what fell, up to what was reserved for it. Where the run
 * ended as it should and its interval missed the truth, which one in a hundred may, the interval
 * counts; how often that happens is judged with the balance.
 */
function countedGrams(feeding: FeedingTruth): Grams {
  const grams = Math.min(feeding.landedGrams, feeding.order.gramsMax);
  if (feeding.wasInterrupted || feeding.ended === null) return grams;
  return Math.min(grams, feeding.ended.highMg / 1000);
}

/** How far the truth may lie above what the model says of a turn. */
function doubtOf({ model }: DispenseOrder): number {
  if (model.samples === 0) return 2.5;
  return model.samples < 3 ? 1.4 : 1;
}
