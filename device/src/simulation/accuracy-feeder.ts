import { FeederError, type Grams, type KibbleModel, type Milliseconds } from '@cat-feeder/shared';
import type { DispenseOrder, DispenseOutcome } from '../dispensing/feed-station.ts';
import { guessModel, learn } from '../dispensing/kibble-model.ts';
import { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import type { Profile } from '../hardware/simulated/profile.ts';
import { SimulatedBoard } from '../hardware/simulated/simulated-board.ts';
import { InlineStation } from '../hardware/station/inline-station.ts';
import { SeededRandom } from '../platform/random.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { span, tare } from '../weighing/calibration.ts';
import { factoryCalibration } from '../weighing/load-cell.ts';

/** Timers between two looks whether a promise has been kept. */
const TIMERS_PER_TURN = 64;
const WEIGH_MS: Milliseconds = 60_000;
const HELD_MS: Milliseconds = 2000;
const KNOWN_GRAMS: Grams = 200;
const TRIES_MAX = 40;
/** Pieces that hang in the chute are counted when they fall within this time after the end. */
const AFTER_MS: Milliseconds = 10_000;
/** The hopper is filled up below this share. */
const REFILL_SHARE = 0.3;
const MINUTE_MS: Milliseconds = 60_000;

/** One feeding with what really happened. */
export interface Fed {
  readonly portionGrams: Grams;
  readonly trueGrams: Grams;
  readonly outcome: DispenseOutcome;
  readonly seconds: number;
}

/** A simulated feeder that is set up and used as an owner would, by the product's own rules. */
export class AccuracyFeeder {
  readonly clock = new VirtualClock({ wallMs: 1_767_225_600_000 });
  readonly world: FeederWorld;
  readonly board: SimulatedBoard;
  readonly station: InlineStation;
  readonly #random: SeededRandom;
  model: KibbleModel;
  steps = 0;

  constructor(profile: Profile, seed: string) {
    this.#random = new SeededRandom(`owner ${seed}`);
    this.world = new FeederWorld({ profile, clock: this.clock, seed });
    this.board = new SimulatedBoard({ world: this.world, clock: this.clock });
    this.station = new InlineStation({
      board: this.board,
      clock: this.clock,
      calibration: factoryCalibration(this.board.traits.nominalCountsPerGram),
    });
    this.model = guessModel(this.board.traits);
  }

  /** Tare, span with a known mass, and a few small portions that teach how the kibble flows. */
  async setUp(rounds: number, roundGrams: Grams): Promise<void> {
    this.world.scareCat();
    let calibration = factoryCalibration(this.board.traits.nominalCountsPerGram);
    const zero = tare(calibration, await this.#weigh(), { nowMs: 1, confirm: false });
    if (zero.kind === 'refused') throw setUpFailed(`the tare was refused: ${zero.reason}`);
    calibration = zero.calibration;
    this.station.setCalibration(calibration);
    this.world.placeWeight(KNOWN_GRAMS);
    this.clock.advance(3000);
    const known = await this.#weigh();
    const spanned = span(calibration, known, { knownGrams: KNOWN_GRAMS, nowMs: 2, confirm: false });
    if (spanned.kind === 'refused') throw setUpFailed(`the span was refused: ${spanned.reason}`);
    this.station.setCalibration(spanned.calibration);
    this.world.placeWeight(0);
    this.clock.advance(3000);
    for (let round = 0; round < rounds; round += 1) {
      await this.feed(roundGrams);
      this.liveOn();
    }
  }

  /** Serves one portion and learns from it; compares with what truly fell. */
  async feed(portionGrams: Grams, openLoop = false): Promise<Fed> {
    const mark = this.world.truth();
    const startMs = this.clock.monoMs();
    const order: DispenseOrder = {
      feedingId: `f${startMs}`,
      portionGrams,
      gramsMax: portionGrams * 1.2 + 3,
      model: this.model,
      openLoop,
    };
    const outcome = await this.#until(this.station.dispense(order, () => {}));
    const seconds = outcome.durationMs / 1000;
    if (outcome.observation !== null) this.model = learn(this.model, outcome.observation);
    this.clock.advance(AFTER_MS);
    return { portionGrams, trueGrams: this.world.landedSince(mark), outcome, seconds };
  }

  /** Time until the next meal: the cat eats, the owner refills and mends what is broken. */
  liveOn(): void {
    const { world } = this;
    world.jam(false);
    world.bridge(false);
    world.blockChute(false);
    const truth = world.truth();
    const { capacityGrams } = world.profile.hopper;
    if (truth.hopperGrams < capacityGrams * REFILL_SHARE) world.refill(capacityGrams);
    world.eatNow(truth.bowlGrams * this.#random.next());
    this.clock.advance(MINUTE_MS * (5 + 15 * this.#random.next()));
    world.scareCat();
    const left = world.truth().bowlGrams;
    if (left > 80) world.takeFood(left);
    this.clock.advance(5000);
  }

  async #weigh() {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const weight = await this.#until(this.station.weigh(WEIGH_MS));
      if (weight.kind === 'stable') return { ...weight, heldMs: HELD_MS };
      this.world.scareCat();
    }
    throw setUpFailed('the bowl never stood still');
  }

  /** Lets time pass until the promise is kept. */
  async #until<T>(promise: Promise<T>): Promise<T> {
    let isKept = false;
    const watched = promise.finally(() => {
      isKept = true;
    });
    while (!isKept) {
      for (let i = 0; i < TIMERS_PER_TURN && !isKept; i += 1) this.clock.runNext();
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    return watched;
  }
}

function setUpFailed(sentence: string): FeederError {
  return new FeederError('ERR_INTERNAL', { message: `The set-up failed: ${sentence}.` });
}
