import { type Grams, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { FeederWorld, WorldTruth } from '../../hardware/simulated/feeder-world.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';

/** Food that came by itself, or turns that nobody commanded: more than this is beyond doubt. */
const SURE_GRAMS: Grams = 8;
const SURE_TURNS = 2;
/** After food came by itself, what fell says nothing about the portions for this long. */
const EXCUSED_MS: Milliseconds = 26 * HOUR_MS;
/** Commanded motion, and the run-out after it, end within this time. */
const RUN_OUT_MS: Milliseconds = 2500;
/** Food of a run has landed after this time. */
const LANDED_MS: Milliseconds = 30_000;

/**
 * The faults that switch the feeder off: food that falls, or a motor that turns, while nothing is
 * commanded. Once that was plain to see, nothing may be dispensed until a person has cleared it,
 * over restarts, too.
 */
export class OffMeansOff implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #world: FeederWorld;
  /** Whether the daemon runs and its scale can see. */
  readonly #isAttentive: () => boolean;
  #lastCommandMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #mark: WorldTruth | null = null;
  #plainSinceMs: Milliseconds | null = null;
  #what = '';
  #excusedUntilMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #nowMs: Milliseconds = 0;
  /** Times that the feeder was switched off although nothing came by itself. */
  falseAlarms = 0;

  constructor(parts: { fail: Fail; world: FeederWorld; isAttentive: () => boolean }) {
    this.#fail = parts.fail;
    this.#world = parts.world;
    this.#isAttentive = parts.isAttentive;
  }

  /** Whether food has come that no portion accounts for. */
  isExcused(): boolean {
    const { shaft, leak } = this.#world.model;
    return shaft.isShorted || leak !== null || this.#nowMs < this.#excusedUntilMs;
  }

  see(event: Observed, now: Situation): void {
    this.#nowMs = now.nowMs;
    if (
      event.kind === 'fault' &&
      (event.fault === 'flap_leak' || event.fault === 'driver_shorted')
    ) {
      this.#excusedUntilMs = now.nowMs + EXCUSED_MS;
    }
    if (event.kind === 'entry' && event.entry.name === 'fault.raised' && !this.isExcused()) {
      const { fault } = event.entry.body;
      if (fault === 'overflow' || fault === 'motor_runaway') this.falseAlarms += 1;
    }
    if (event.kind === 'order') this.#onOrder(event.order.feedingId);
    if (event.kind === 'slice') {
      this.#lastCommandMs = now.nowMs;
      this.#mark = null;
    }
    if (event.kind === 'entry' && event.entry.name === 'fault.cleared') {
      const { fault } = event.entry.body;
      if (fault === 'overflow' || fault === 'motor_runaway') this.#plainSinceMs = null;
    }
    if (event.kind === 'boot' || event.kind === 'hang') this.#mark = null;
    // What the disk did not take died with the program.
    if (event.kind === 'death' && !now.isDiskHealthy) this.#plainSinceMs = null;
    if (event.kind === 'entry' || event.kind === 'look') this.#watch(now);
  }

  #onOrder(feedingId: string): void {
    if (this.#plainSinceMs === null) return;
    this.#fail('I3', `feeding ${feedingId} is begun although ${this.#what}`);
  }

  #watch(now: Situation): void {
    const { leak, shaft } = this.#world.model;
    if (leak === null && !shaft.isShorted) {
      this.#mark = null;
      return;
    }
    if (now.nowMs - this.#lastCommandMs < LANDED_MS) return;
    const truth = this.#world.truth();
    if (!this.#isAttentive() || (leak !== null && truth.isCatPresent)) {
      this.#mark = null;
      return;
    }
    this.#mark ??= truth;
    const grams = truth.landedGrams - this.#mark.landedGrams;
    const turns = truth.turns - this.#mark.turns;
    if (now.nowMs - this.#lastCommandMs < RUN_OUT_MS) return;
    if (shaft.isShorted && turns > SURE_TURNS && this.#canSeeTurns()) {
      this.#plain(now, `the motor made ${turns.toFixed(1)} turns by itself`);
    } else if (leak !== null && grams > SURE_GRAMS) {
      this.#plain(now, `${grams.toFixed(1)} g fell by themselves`);
    }
  }

  #canSeeTurns(): boolean {
    const { traits, model } = this.#world;
    return (traits.indexEdgesPerTurn ?? 0) >= 4 && !model.isIndexLost;
  }

  #plain(now: Situation, what: string): void {
    this.#plainSinceMs ??= now.nowMs;
    this.#what = what;
  }
}
