import { type Grams, PORTION_GRAMS_MIN } from '@cat-feeder/shared';
import { loadProfile } from '../hardware/simulated/load-profile.ts';
import type { Profile } from '../hardware/simulated/profile.ts';
import { programFlags } from '../platform/program-flags.ts';
import { SeededRandom } from '../platform/random.ts';
import { AccuracyFeeder, type Fed } from './accuracy-feeder.ts';
import { type AccuracyReport, reportOf, tableOf } from './accuracy-report.ts';
import { BurstFeeder } from './rival-bursts.ts';

/*
 * How close the feeder comes to the portion, against a model whose truth is known:
 *
 *   npm run -s sim:accuracy -- --profile FILE --feedings N --seed S [--portion-grams G] [--json]
 *
 * Each feeder is set up as an owner would do it: tare, span with a known mass, a few calibration
 * portions. Two rivals get the same number of those and the same portions in worlds of their own.
 */

const FEEDINGS_MAX = 100_000;
const CALIBRATION_ROUNDS = 5;
const CALIBRATION_GRAMS: Grams = 20;
const PORTION_LOW_GRAMS: Grams = 3;
const PORTION_HIGH_GRAMS: Grams = 60;
const PORTION_CEILING_GRAMS: Grams = 150;

interface Options {
  readonly profile: string;
  readonly feedings: number;
  readonly seed: number;
  readonly portionGrams: Grams | null;
}

/** Runs the feeder and its rivals on one profile. */
export async function measureAccuracy(profile: Profile, options: Options): Promise<AccuracyReport> {
  const portions = portionsOf(options);
  const feeder = new AccuracyFeeder(profile, `${options.seed}`);
  await feeder.setUp(CALIBRATION_ROUNDS, CALIBRATION_GRAMS);
  const fed: Fed[] = [];
  for (const portion of portions) {
    fed.push(await feeder.feed(portion));
    feeder.liveOn();
  }
  return reportOf({
    profile: profile.name ?? options.profile,
    kibbleGrams: profile.kibble.pieceGramsMean,
    seed: options.seed,
    portionGrams: options.portionGrams,
    fed,
    openLoopErrors: await openLoopErrors(profile, options.seed, portions),
    burstErrors: burstErrors(profile, options.seed, portions),
  });
}

function portionsOf(options: Options): Grams[] {
  const random = new SeededRandom(`portions ${options.seed}`);
  const range = PORTION_HIGH_GRAMS - PORTION_LOW_GRAMS;
  return Array.from({ length: options.feedings }, () => {
    const drawn = Math.round(100 * (PORTION_LOW_GRAMS + range * random.next())) / 100;
    return options.portionGrams ?? drawn;
  });
}

/** By calibrated turns alone, learned from the same calibration portions and fixed since. */
async function openLoopErrors(
  profile: Profile,
  seed: number,
  portions: readonly Grams[],
): Promise<Grams[]> {
  const rival = new AccuracyFeeder(profile, `${seed} open loop`);
  await rival.setUp(CALIBRATION_ROUNDS, CALIBRATION_GRAMS);
  const errors: Grams[] = [];
  for (const portion of portions) {
    const { trueGrams } = await rival.feed(portion, true);
    errors.push(trueGrams - portion);
    rival.liveOn();
  }
  return errors;
}

function burstErrors(profile: Profile, seed: number, portions: readonly Grams[]): Grams[] {
  const rival = new BurstFeeder(profile, `${seed} bursts`);
  rival.calibrate(CALIBRATION_ROUNDS, CALIBRATION_GRAMS);
  return portions.map((portion) => rival.errorOf(portion));
}

function readOptions(): Options & { json: boolean } {
  const values = programFlags({
    profile: { type: 'string' },
    feedings: { type: 'number', default: 200, max: FEEDINGS_MAX },
    seed: { type: 'number', default: 1, min: 0 },
    'portion-grams': { type: 'string' },
    json: { type: 'boolean' },
  });
  const given = values['portion-grams'];
  const portionGrams = given === undefined ? null : Number(given);
  const problem = [
    values.profile === undefined && '--profile FILE is missing',
    portionGrams !== null &&
      !(portionGrams >= PORTION_GRAMS_MIN && portionGrams <= PORTION_CEILING_GRAMS) &&
      `--portion-grams must be from ${PORTION_GRAMS_MIN} to ${PORTION_CEILING_GRAMS}`,
  ].find((sentence) => sentence !== false);
  if (problem !== undefined) throw new RangeError(problem);
  return { ...values, profile: values.profile ?? '', portionGrams };
}

async function main(): Promise<number> {
  try {
    const options = readOptions();
    const report = await measureAccuracy(loadProfile(options.profile), options);
    process.stdout.write(`${tableOf(report)}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main();
