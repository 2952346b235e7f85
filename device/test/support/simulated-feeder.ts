import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import type { ProfileInput } from '../../src/hardware/simulated/profile.ts';
import { SimulatedBoard } from '../../src/hardware/simulated/simulated-board.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import type { Sample } from '../../src/weighing/sample.ts';

/** No cat: what a test does not ask for does not happen. */
const calmCat = { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 };

/** A simulated feeder on a virtual clock with everything its board delivered. */
export class SimulatedFeeder {
  readonly clock = new VirtualClock();
  readonly world: FeederWorld;
  readonly samples: Sample[] = [];
  readonly batches: number[] = [];
  board: SimulatedBoard;

  constructor(input: ProfileInput = {}, seed: number | string = 1) {
    const profile = parseProfile({ ...input, cat: { ...calmCat, ...input.cat } });
    this.world = new FeederWorld({ profile, clock: this.clock, seed });
    this.board = this.plugIn();
  }

  plugIn(): SimulatedBoard {
    this.board = new SimulatedBoard({ world: this.world, clock: this.clock });
    this.board.onSamples((batch) => {
      this.samples.push(...batch);
      this.batches.push(batch.length);
    });
    return this.board;
  }

  /** Keeps the motor on for so long, slice by slice, and stops it. */
  turn(ms: number, direction: 'forward' | 'reverse' = 'forward'): void {
    for (let leftMs = ms; leftMs > 0; leftMs -= 200) {
      this.board.drive.run({ direction, speed: 1, maxMs: 250 });
      this.clock.advance(Math.min(200, leftMs));
    }
    this.board.drive.stop();
  }

  /** Lets so much time pass and returns the samples of it. */
  watch(ms: number): Sample[] {
    const before = this.samples.length;
    this.clock.advance(ms);
    return this.samples.slice(before);
  }

  /** What these readings say, by the true calibration of now; nothing for a missing one. */
  grams(samples: readonly Sample[]): number[] {
    const { zeroCounts, countsPerGram } = this.world.trueCalibration();
    return samples
      .filter((sample) => sample.bowl !== null)
      .map((sample) => ((sample.bowl ?? 0) - zeroCounts) / countsPerGram);
  }
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function sdOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}
