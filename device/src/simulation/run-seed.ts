import { DAY_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Sabotage } from './boot.ts';
import { CareActor } from './care-actor.ts';
import { Acknowledged } from './checkers/acknowledged.ts';
import { AtMostOnce } from './checkers/at-most-once.ts';
import { Booked } from './checkers/booked.ts';
import { DeadMeansStopped } from './checkers/dead-means-stopped.ts';
import { FeedingTruths } from './checkers/feeding-truths.ts';
import { type Coverage, type FeedingClass, MassBalance } from './checkers/mass-balance.ts';
import { NeverStarves } from './checkers/never-starves.ts';
import { NeverTooMuch } from './checkers/never-too-much.ts';
import { NoSilentMiss } from './checkers/no-silent-miss.ts';
import { OffMeansOff } from './checkers/off-means-off.ts';
import { OnTime } from './checkers/on-time.ts';
import { OwnersWish } from './checkers/owners-wish.ts';
import { StopsOnRequest } from './checkers/stops-on-request.ts';
import { UnprovenClock } from './checkers/unproven-clock.ts';
import { FaultActor } from './fault-actor.ts';
import { Life } from './life.ts';
import type { Violation } from './recorder.ts';
import { RequestActor } from './request-actor.ts';
import type { Scenario } from './scenario.ts';

/** What one seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly faults: number;
  readonly feedings: number;
  readonly boots: number;
  readonly occurrencesChecked: number;
  readonly punctualityChecked: number;
  readonly hungerChecked: number;
  readonly catchUps: number;
  readonly overshoots: number;
  readonly coverage: Readonly<Record<FeedingClass, Coverage>>;
  readonly violations: readonly Violation[];
  /** SHA-256 over every ledger hash, truth and answer. */
  readonly traceHash: string;
}

const LOOK_EVERY_MS: Milliseconds = 20 * MINUTE_MS;
/** The owner needs some minutes for the first entries; faults come later. */
const FIRST_FAULT_MS: Milliseconds = 10 * MINUTE_MS;

/** Lives through one scenario, with every invariant checked on the way. */
export async function runSeed(options: {
  readonly scenario: Scenario;
  readonly sabotage?: Sabotage;
  readonly print?: (line: string) => void;
}): Promise<SeedReport> {
  const { scenario } = options;
  const life = new Life({
    scenario,
    sabotage: options.sabotage ?? {},
    print: options.print ?? null,
  });
  process.on('unhandledRejection', life.unheard);
  try {
    return await live(life);
  } finally {
    process.off('unhandledRejection', life.unheard);
    life.isEnding = true;
    life.boot?.die();
    life.db.close();
  }
}

async function live(life: Life): Promise<SeedReport> {
  const { scenario, recorder, clock } = life;
  const checks = addCheckers(life);
  const requests = new RequestActor({
    life,
    random: life.random.fork('requests'),
    claimOf: (requestId) => checks.acknowledged.claimOf(requestId),
  });
  const care = new CareActor({ life, requests, random: life.random.fork('care') });
  recorder.add(care);
  checks.setActiveFaults(() => care.activeFaults);
  const endMs = scenario.days * DAY_MS;
  const faults = new FaultActor({
    life,
    requests,
    random: life.random.fork('faults'),
    untilMs: endMs * scenario.faultyShare,
    currentFeeding: () => checks.runningFeeding(),
  });
  beginTime(life);
  life.powerOn();
  clock.after('set up', 60_000, () => life.settle(requests.setUp()));
  clock.after('faults begin', FIRST_FAULT_MS, () => faults.start());
  care.start();
  lookAround(life);
  await life.runUntil(endMs);
  life.readAgain();
  life.afterStep();
  recorder.emit({ kind: 'end' });
  const fault = life.reader.verifyAll();
  if (fault !== null)
    recorder.fail('I6', `the ledger at the end: entry ${fault.seq}, ${fault.why}`);
  return report(life, checks);
}

/** A feeder that is plugged in for the first time. */
function beginTime(life: Life): void {
  const { scenario, time } = life;
  if (scenario.startsWithoutTime) {
    time.set(-time.trueWallMs() + 5000, 'none');
    life.syncLater();
  } else {
    time.set(0, scenario.clock.afterPowerCut === 'rtc' ? 'rtc' : 'synchronized');
  }
}

function lookAround(life: Life): void {
  const { clock, recorder } = life;
  clock.after('look', LOOK_EVERY_MS, () => {
    const truth = life.world.truth();
    recorder.mix(
      `${life.reader.lastHash} ${truth.bowlGrams} ${truth.landedGrams} ${truth.turns}\n`,
    );
    recorder.emit({ kind: 'look' });
    lookAround(life);
  });
}

function addCheckers(life: Life) {
  const { recorder, world, plan, scenario, db, reader } = life;
  const { fail, tell } = recorder;
  let activeFaults: () => ReadonlySet<string> = () => new Set();
  const truths = new FeedingTruths({
    truth: () => world.truth(),
    settings: () => plan.now.settings,
    isCalm: () => life.isHardwareSound && !world.model.cat.isPresent,
  });
  const readOn = life.afterStep;
  const isInTransaction = () => db.inTransaction;
  const acknowledged = new Acknowledged({
    fail,
    truths,
    readOn,
    held: (requestId) => heldFeeding(life, requestId),
  });
  const misses = new NoSilentMiss({ fail, plan, startMs: scenario.startMs });
  const offMeansOff = new OffMeansOff({
    fail,
    world,
    isAttentive: () => life.boot !== null && !life.isScaleBlind,
  });
  const isExcused = () => offMeansOff.isExcused();
  const balance = new MassBalance({ fail, truths, world, tell, isExcused });
  const booked = new Booked({ plan, hasRtc: scenario.clock.afterPowerCut === 'rtc' });
  const starves = new NeverStarves({
    fail,
    plan,
    truths,
    mayFeed: () => activeFaults().size === 0,
    bowlGrams: () => world.truth().bowlGrams,
    hasRoom: (now) => booked.hasRoom(1, now),
  });
  const tooMuch = new NeverTooMuch({
    fail,
    truths,
    isExcused,
    turnGrams: () => world.profile.auger.gramsPerTurnMean * world.model.auger.flowFactor,
  });
  const onTime = new OnTime({
    fail,
    plan,
    truths,
    mayFeed: () => activeFaults().size === 0,
    hasRoom: (grams, now) => booked.hasRoom(grams, now),
  });
  const checkers = [
    truths,
    booked,
    new AtMostOnce({
      fail,
      truths,
      reader,
      isInTransaction,
      readOn,
      held: (id) => heldClaim(life, id),
    }),
    tooMuch,
    new DeadMeansStopped({ fail, world }),
    offMeansOff,
    misses,
    acknowledged,
    balance,
    new StopsOnRequest({ fail }),
    new OwnersWish({ fail, truths, settings: () => plan.now.settings }),
    onTime,
    new UnprovenClock({ fail, truths, isUnproven: () => life.isTimeUnproven() }),
    starves,
  ];
  for (const checker of checkers) recorder.add(checker);
  return {
    acknowledged,
    misses,
    balance,
    starves,
    tooMuch,
    onTime,
    runningFeeding: () => {
      const { current } = truths;
      return current === null || current.ended !== null ? null : current.feedingId;
    },
    setActiveFaults: (get: () => ReadonlySet<string>) => {
      activeFaults = get;
    },
  };
}

function heldClaim(life: Life, feedingId: string) {
  const found = life.emergency.noted().find(({ claim }) => claim.feedingId === feedingId)?.claim;
  if (found === undefined) return undefined;
  return { requestId: found.requestId, occurrenceKey: found.occurrence?.key ?? null };
}

function heldFeeding(life: Life, requestId: string): string | undefined {
  return life.emergency.noted().find(({ claim }) => claim.requestId === requestId)?.claim.feedingId;
}

function report(life: Life, checks: ReturnType<typeof addCheckers>): SeedReport {
  const { recorder, scenario } = life;
  const { coverage } = checks.balance;
  recorder.mix(life.reader.lastHash);
  return {
    seed: scenario.seed,
    faults: recorder.faults,
    feedings: Object.values(coverage).reduce((sum, part) => sum + part.feedings, 0),
    boots: life.boots,
    occurrencesChecked: checks.misses.checked,
    punctualityChecked: checks.onTime.checked,
    hungerChecked: checks.starves.demanded,
    catchUps: checks.starves.catchUps,
    overshoots: checks.tooMuch.overshoots,
    coverage,
    violations: recorder.violations,
    traceHash: recorder.digest(),
  };
}
