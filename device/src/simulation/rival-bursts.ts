import type { Grams, Milliseconds } from '@cat-feeder/shared';
import { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import type { Profile } from '../hardware/simulated/profile.ts';
import { SimulatedBoard } from '../hardware/simulated/simulated-board.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { Sample } from '../weighing/sample.ts';

const BURST_GRAMS: Grams = 10;
const BURSTS_MAX = 3;
const SETTLE_MS: Milliseconds = 3000;
const NEAR_GRAMS: Grams = 5;
const SLICE_MS: Milliseconds = 250;
const MEAN_MS: Milliseconds = 1000;
const PAUSE_MS: Milliseconds = 10_000;

/**
 * How simple scale feeders dispense: a timed burst worth 10 g, three seconds of rest, the mean of
 * a second of readings, and again until no more than 5 g are missing, three times at most.
 */
export class BurstFeeder {
  readonly #clock = new VirtualClock();
  readonly #world: FeederWorld;
  readonly #board: SimulatedBoard;
  readonly #countsPerGram: number;
  #samples: Sample[] = [];
  #msPerGram = 0;

  constructor(profile: Profile, seed: string) {
    this.#world = new FeederWorld({ profile, clock: this.#clock, seed });
    this.#board = new SimulatedBoard({ world: this.#world, clock: this.#clock });
    this.#countsPerGram = this.#world.trueCalibration().countsPerGram;
    this.#board.onSamples((batch) => {
      this.#samples = [...this.#samples, ...batch].slice(-400);
    });
    this.#board.setMode('dispense');
    const traits = this.#board.traits;
    this.#msPerGram = 1000 / (traits.nominalGramsPerTurn * traits.nominalTurnsPerSecond);
  }

  /** Learns how long the motor turns for a gram, as the mean over some bursts. */
  calibrate(rounds: number, roundGrams: Grams): void {
    let motorMs = 0;
    let grams = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = this.#weigh();
      const forMs = roundGrams * this.#msPerGram;
      this.#run(forMs);
      grams += Math.max(0, this.#weigh() - before);
      motorMs += forMs;
      this.#liveOn();
    }
    if (grams > 1) this.#msPerGram = motorMs / grams;
  }

  /** Serves a portion; what truly fell minus the portion. */
  errorOf(portionGrams: Grams): Grams {
    const mark = this.#world.truth();
    const before = this.#weigh();
    for (let burst = 0; burst < BURSTS_MAX; burst += 1) {
      const missing = portionGrams - (this.#weigh() - before);
      if (missing <= (burst === 0 ? 0 : NEAR_GRAMS)) break;
      this.#run(Math.min(BURST_GRAMS, missing) * this.#msPerGram);
    }
    this.#clock.advance(PAUSE_MS);
    const error = this.#world.landedSince(mark) - portionGrams;
    this.#liveOn();
    return error;
  }

  #run(forMs: Milliseconds): void {
    for (let left = forMs; left >= 1; left -= SLICE_MS) {
      const maxMs = Math.min(left, SLICE_MS);
      this.#board.drive.run({ direction: 'forward', speed: 1, maxMs });
      this.#clock.advance(maxMs);
    }
    this.#clock.advance(SETTLE_MS);
  }

  #weigh(): Grams {
    this.#samples = [];
    this.#clock.advance(MEAN_MS);
    const counts = this.#samples.map((sample) => sample.bowl).filter((bowl) => bowl !== null);
    const mean = counts.reduce((sum, bowl) => sum + bowl, 0) / Math.max(1, counts.length);
    return mean / this.#countsPerGram;
  }

  #liveOn(): void {
    const world = this.#world;
    world.scareCat();
    world.jam(false);
    world.bridge(false);
    world.blockChute(false);
    world.refill(world.profile.hopper.capacityGrams);
    this.#clock.advance(2 * PAUSE_MS);
    world.takeFood(world.truth().bowlGrams);
    this.#clock.advance(PAUSE_MS);
  }
}
