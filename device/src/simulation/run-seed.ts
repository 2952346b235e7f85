import { DAY_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Sabotage } from './boot.ts';
import { CareActor } from './care-actor.ts';
import type { Coverage, FeedingClass } from './checkers/mass-balance.ts';
import { type Checks, composeCheckers } from './compose-checkers.ts';
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
  readonly falseAlarms: number;
  /** Refusals of which a ground was looked for. */
  readonly refusalsChecked: number;
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
    life.isEnding = true;
    life.boot?.die();
    await life.pump.letGo();
    process.off('unhandledRejection', life.unheard);
    life.db.close();
  }
}

async function live(life: Life): Promise<SeedReport> {
  const { scenario, recorder, clock } = life;
  const checks = composeCheckers(life);
  const requests = new RequestActor({
    life,
    random: life.random.fork('requests'),
    claimOf: (requestId) => checks.acknowledged.claimOf(requestId),
  });
  const care = new CareActor({ life, requests, random: life.random.fork('care') });
  const endMs = scenario.days * DAY_MS;
  const faults = new FaultActor({
    life,
    requests,
    random: life.random.fork('faults'),
    untilMs: endMs * scenario.faultyShare,
    currentFeeding: () => checks.truths.runningId,
  });
  beginTime(life);
  life.powerOn();
  clock.after('set up', 60_000, () => life.pump.settle(requests.setUp()));
  clock.after('faults begin', FIRST_FAULT_MS, () => faults.start());
  care.start();
  lookAround(life);
  await life.runUntil(endMs);
  life.readRest();
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

function report(life: Life, checks: Checks): SeedReport {
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
    falseAlarms: checks.off.falseAlarms,
    refusalsChecked: checks.refusals.checked,
    coverage,
    violations: recorder.violations,
    traceHash: recorder.digest(),
  };
}
