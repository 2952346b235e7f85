import { performance } from 'node:perf_hooks';
import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { loadProfile } from '../../src/hardware/simulated/load-profile.ts';
import { SimulatedBoard } from '../../src/hardware/simulated/simulated-board.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';

/**
 * How fast the model of the feeder is:
 *   node device/test/bench/bench-model.ts [PROFILE] [--json]
 * A step is 12.5 ms of dispensing with the motor on, one reading included; a day is the physical
 * side of one feeder-day: thinned readings at rest, four meals of 12 s at full rate, the cat.
 */
const [path = `${import.meta.dirname}/../../profiles/harsh.json`] = process.argv
  .slice(2)
  .filter((argument) => argument !== '--json');
const DISPENSE_SECONDS = 20_000;
const DAYS = 300;
const DAY_MS = 86_400_000;

function feeder(restBatchMs: number, restSamplesPerBatch: number | null) {
  const clock = new VirtualClock();
  const world = new FeederWorld({ profile: loadProfile(path), clock, seed: 1 });
  const board = new SimulatedBoard({ world, clock, restBatchMs, restSamplesPerBatch });
  const seen = { samples: 0 };
  board.onSamples((batch) => {
    seen.samples += batch.length;
  });
  return { clock, world, board, seen };
}

/** Keeps the motor on for so long as a control loop would: a new slice every 100 ms. */
function dispense({ clock, world, board }: ReturnType<typeof feeder>, seconds: number): void {
  board.setMode('dispense');
  for (let i = 0; i < seconds * 10; i++) {
    board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    clock.advance(100);
    if (world.model.hopper.grams < 100) world.refill(1000);
    if (world.model.auger.isJammed) world.jam(false);
    if (world.model.hopper.isBridged) world.bridge(false);
    if (world.model.chute.isBlocked) world.blockChute(false);
    if (world.model.bowl.grams > 200) world.takeFood(200);
  }
  board.drive.stop();
  board.setMode('rest');
}

function stepMicroseconds(): { step: number; sample: number } {
  const f = feeder(1000, null);
  dispense(f, 500);
  const before = f.seen.samples;
  const start = performance.now();
  dispense(f, DISPENSE_SECONDS);
  const spentUs = (performance.now() - start) * 1000;
  return {
    step: spentUs / (DISPENSE_SECONDS * 80),
    sample: spentUs / Math.max(1, f.seen.samples - before),
  };
}

function daysPerSecond(): number {
  const f = feeder(60_000, 4);
  const start = performance.now();
  for (let day = 0; day < DAYS; day++) {
    for (let meal = 0; meal < 4; meal++) {
      f.clock.runUntil(day * DAY_MS + meal * 21_600_000);
      dispense(f, 12);
    }
  }
  return (DAYS * 1000) / (performance.now() - start);
}

const { step, sample } = stepMicroseconds();
const figures = {
  profile: path,
  stepMicroseconds: Number(step.toFixed(3)),
  sampleMicroseconds: Number(sample.toFixed(3)),
  feederDaysPerSecond: Math.round(daysPerSecond()),
};
console.log(`one step of 12.5 ms with the motor on: ${figures.stepMicroseconds} us`);
console.log(`one feeder-day of the model: ${figures.feederDaysPerSecond} a second`);
if (process.argv.includes('--json')) console.log(JSON.stringify(figures));
