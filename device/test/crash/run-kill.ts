import { programFlags } from '../../src/platform/program-flags.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { buildBundle } from '../daemon/daemon-process.ts';
import { KillSeries } from './kill-series.ts';
import { leftAlone } from './simulated-food.ts';
import { judgeWish, resultOf, type Verdict, type WishSeen, wrongsOf } from './verdict.ts';

/*
 * Kills the real daemon with SIGKILL at random instants of feedings, again and again, and checks
 * from outside, by the API and by the simulated food, what must hold whatever happens:
 * no wish moves the motor twice, every wish and occurrence gets its one verdict, the interval that
 * is booked holds what really fell, answers that were given are remembered, the ledger's chain
 * holds, and the motor stands 250 ms after the process died.
 */

const options = programFlags({
  json: { type: 'boolean' },
  kills: { type: 'number', default: 200 },
  seed: { type: 'number', default: Date.now() % 100_000, min: 0 },
  /** Simulated seconds in one of life. The rules know real time: above 1 doses are booked too narrowly. */
  speed: { type: 'number', default: 1 },
  /** Feeders side by side. */
  jobs: { type: 'number', default: 8, max: 100 },
  /** `bundle` as shipped, built first; or the sources as they are. */
  from: { type: 'string', default: 'bundle' },
});
const { kills: killsWanted, speed } = options;
const random = new SeededRandom(options.seed);

/** So many portions fit into the caps of a day; then another feeder with an empty bowl takes over. */
const WISHES_PER_SERIES = 14;
const PORTION_GRAMS = { min: 3, max: 14 };
/** A little longer than a feeding takes, so that some kills come after its end. */
const KILL_WITHIN_MS = 13_000 / speed;
/** So long the motor starts and stops in a feeding. */
const MOTOR_WORKS_MS = 5_000 / speed;
/** Share of restarts that are killed, too, before they are ready. */
const SECOND_KILL_SHARE = 0.25;
const SECOND_KILL_WITHIN_MS = 700;
/** A wish that begins this close before a minute waits for it and becomes a meal of the plan. */
const MEAL_WITHIN_MS = 9_000;
const MOTOR_MAY_OUTLIVE_MS = 250;
/** The booked interval is meant to hold the truth in 99 of 100 feedings. */
const INTERVAL_MISS_SHARE = 0.01;
const MINUTE_MS = 60_000;

const totals = {
  kills: 0,
  doubled: 0,
  unverdicted: 0,
  intervalMisses: 0,
  ledgerFailures: 0,
  restarts: 0,
  lostAnswers: 0,
  lateMotors: 0,
  motorOutlivedMsMax: 0,
  killsWithMotorOn: 0,
  scheduled: 0,
  results: {} as Record<string, number>,
};

const say = (line: string) => {
  if (!options.json) console.log(line);
};
/** Half of the kills come at any instant of a feeding, the others while the motor is at work. */
async function waitForInstant(series: KillSeries): Promise<void> {
  if (random.chance(0.5)) return wait(random.next() * KILL_WITHIN_MS);
  await series.motorStarted(KILL_WITHIN_MS);
  return wait(random.next() * MOTOR_WORKS_MS);
}
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
const portion = () =>
  Math.round(PORTION_GRAMS.min + random.next() * (PORTION_GRAMS.max - PORTION_GRAMS.min));

async function killOnce(series: KillSeries) {
  const death = await series.kill();
  totals.kills += 1;
  if (death.world.motor.leftMs > 0) totals.killsWithMotorOn += 1;
  totals.motorOutlivedMsMax = Math.max(totals.motorOutlivedMsMax, death.motorOutlivedMs);
  if (death.motorOutlivedMs > MOTOR_MAY_OUTLIVE_MS) totals.lateMotors += 1;
  return death.world;
}

/** Kills, sometimes again while the next daemon starts, and starts one that stays. */
async function killAndRestart(series: KillSeries) {
  let world = await killOnce(series);
  if (random.chance(SECOND_KILL_SHARE)) {
    series.spawn();
    await wait(random.next() * SECOND_KILL_WITHIN_MS);
    const later = await killOnce(series);
    if (later.forwardTurns > leftAlone(world).forwardTurns + 1e-6) {
      throw new Error('The motor moved while the daemon was starting.');
    }
    world = later;
  }
  await series.start();
  return world;
}

async function apiWish(series: KillSeries, requestId: string): Promise<Verdict> {
  const grams = portion();
  const before = series.world();
  const answered = series.feed(requestId, grams);
  await waitForInstant(series);
  const atDeath = await killAndRestart(series);
  const first = await answered;
  const recovered = await series.feedingOf(requestId);
  const alone = leftAlone(atDeath);
  const movedInRecovery = series.world().forwardTurns > alone.forwardTurns + 1e-6;
  const again = await series.feed(requestId, grams);
  const feeding = (await series.feedingOf(requestId)) ?? again.data;
  const movedAgain = movedInRecovery || series.world().forwardTurns > alone.forwardTurns + 1e-6;
  const movedBefore = alone.forwardTurns > before.forwardTurns;
  return judge({
    name: `${requestId} ${grams} g`,
    feeding,
    fellGrams: series.world().landedGrams - before.landedGrams,
    doubled: movedBefore && movedAgain,
    lostAnswer: first.data !== undefined && recovered?.id !== first.data.id,
  });
}

async function scheduledWish(series: KillSeries): Promise<Verdict> {
  totals.scheduled += 1;
  const before = series.world();
  const dueMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
  const key = await series.planMeal(new Date(dueMs).toISOString().slice(11, 16), portion());
  await wait(dueMs - Date.now());
  await waitForInstant(series);
  const atDeath = await killAndRestart(series);
  const alone = leftAlone(atDeath);
  const occurrence = await series.occurrenceOf(key);
  const id = occurrence?.feedingId ?? null;
  const feeding = id === null ? undefined : await series.feeding(id);
  const after = series.world();
  return judge({
    name: `${key} ${occurrence?.verdict}`,
    feeding,
    fellGrams: after.landedGrams - before.landedGrams,
    doubled:
      alone.forwardTurns > before.forwardTurns && after.forwardTurns > alone.forwardTurns + 1e-6,
    lostAnswer: occurrence?.verdict === null,
  });
}

function judge(seen: WishSeen): Verdict {
  const result = resultOf(seen.feeding);
  totals.results[result] = (totals.results[result] ?? 0) + 1;
  return judgeWish(seen);
}

function count(verdict: Verdict): void {
  const { doubled, unverdicted, intervalMiss, lostAnswer } = verdict;
  if (doubled) totals.doubled += 1;
  if (unverdicted) totals.unverdicted += 1;
  if (intervalMiss) totals.intervalMisses += 1;
  if (lostAnswer) totals.lostAnswers += 1;
  const wrong = wrongsOf(verdict);
  say(`${String(totals.kills).padStart(4)}  ${verdict.sentence}  ${wrong.join(' ')}`);
}

async function runSeries(name: string): Promise<void> {
  const series = new KillSeries({ speed, entry });
  try {
    await series.open();
    for (let wish = 0; wish < WISHES_PER_SERIES && totals.kills < killsWanted; wish++) {
      const toMinuteMs = MINUTE_MS - (Date.now() % MINUTE_MS);
      const isMeal = toMinuteMs < MEAL_WITHIN_MS && toMinuteMs > 500;
      count(isMeal ? await scheduledWish(series) : await apiWish(series, `${name}-${wish}`));
      if (!(await series.ledgerHolds())) totals.ledgerFailures += 1;
    }
  } finally {
    totals.restarts += series.restarts - 1;
    await series.close();
  }
}

const entry = options.from === 'source' ? 'source' : 'bundle';
if (entry === 'bundle') buildBundle();
say(`seed ${options.seed}, simulated time ${speed} times as fast as life`);
let seriesBegun = 0;
const oneAfterTheOther = async () => {
  while (totals.kills < killsWanted) await runSeries(`series${++seriesBegun}`);
};
await Promise.all(Array.from({ length: options.jobs }, oneAfterTheOther));
console.log(JSON.stringify({ ...totals, seed: options.seed }));
const failures = totals.doubled + totals.unverdicted + totals.ledgerFailures + totals.lostAnswers;
const tooManyMisses = totals.intervalMisses > totals.kills * INTERVAL_MISS_SHARE;
process.exitCode = failures + totals.lateMotors > 0 || tooManyMisses ? 1 : 0;
