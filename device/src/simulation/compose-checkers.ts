import { HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import { Acknowledged } from './checkers/acknowledged.ts';
import { AsPlanned } from './checkers/as-planned.ts';
import { AtMostOnce } from './checkers/at-most-once.ts';
import { Booked } from './checkers/booked.ts';
import { DeadMeansStopped } from './checkers/dead-means-stopped.ts';
import { FeedingTruths } from './checkers/feeding-truths.ts';
import { GroundedRefusals } from './checkers/grounded-refusals.ts';
import { MassBalance } from './checkers/mass-balance.ts';
import { NeverStarves } from './checkers/never-starves.ts';
import { NeverTooMuch } from './checkers/never-too-much.ts';
import { NoSilentMiss } from './checkers/no-silent-miss.ts';
import { OffMeansOff } from './checkers/off-means-off.ts';
import { OnTime } from './checkers/on-time.ts';
import { OwnDecisions } from './checkers/own-decisions.ts';
import { OwnersWish } from './checkers/owners-wish.ts';
import { StopsOnRequest } from './checkers/stops-on-request.ts';
import { UnprovenClock } from './checkers/unproven-clock.ts';
import type { Life } from './life.ts';
import type { Checker, Situation } from './observed.ts';
import type { Scenario } from './scenario.ts';

/** The checkers whose findings a report shows. */
export type Checks = ReturnType<typeof composeCheckers>;

/** Gives a life every checker; they see all that happens from now on. */
export function composeCheckers(life: Life) {
  const { recorder, world, plan, scenario, broken } = life;
  const { fail, tell } = recorder;
  const active = new ActiveFaults();
  const mayFeed = () => active.faults.size === 0;
  const truths = new FeedingTruths({
    truth: () => world.truth(),
    settings: () => plan.now.settings,
    isCalm: () => broken.isSound && !world.model.cat.isPresent,
  });
  const isUnproven = () => life.isTimeUnproven();
  const isAttentive = () => life.boot !== null && !broken.isScaleBlind;
  const off = new OffMeansOff({ fail, world, isAttentive });
  const isExcused = () => off.isExcused();
  const time = new HonestTime();
  const booked = new Booked({ plan, keepsTime: keepsTime(scenario) });
  const hasRoom = (grams: number, now: Situation) => booked.hasRoom(grams, now);
  const shown = {
    acknowledged: acknowledgedOf(life),
    misses: new NoSilentMiss({ fail, plan, startMs: scenario.startMs, isUnproven }),
    balance: new MassBalance({ fail, truths, world, tell, isExcused }),
    starves: new NeverStarves({
      fail,
      plan,
      truths,
      mayFeed,
      hasRoom: (now) => booked.hasRoomForHunger(1, now),
      bowlGrams: () => world.truth().bowlGrams,
    }),
    tooMuch: new NeverTooMuch({
      fail,
      truths,
      isExcused,
      isTimeHonest: () => time.isHonest,
      turnGrams: () => world.profile.auger.gramsPerTurnMean * world.model.auger.flowFactor,
    }),
    onTime: new OnTime({ fail, plan, truths, mayFeed, hasRoom }),
    refusals: refusalsOf(life, { truths, booked, hasFault: () => !mayFeed() }),
    unproven: new UnprovenClock({ fail, truths, plan, isUnproven, mayFeed }),
    planned: new AsPlanned({ fail, plan, truths }),
    truths,
    off,
  };
  recorder.add(time);
  recorder.add(truths);
  recorder.add(active);
  recorder.add(booked);
  recorder.add(onceOf(life, truths));
  recorder.add(shown.tooMuch);
  recorder.add(new DeadMeansStopped({ fail, world }));
  recorder.add(off);
  recorder.add(shown.misses);
  recorder.add(shown.acknowledged);
  recorder.add(shown.balance);
  recorder.add(new StopsOnRequest({ fail }));
  recorder.add(
    new OwnersWish({
      fail,
      truths,
      settings: () => plan.now.settings,
      isTimeHonest: () => time.isHonest,
    }),
  );
  recorder.add(shown.planned);
  recorder.add(shown.onTime);
  recorder.add(shown.unproven);
  recorder.add(ownDecisionsOf(life, truths, () => time.isHonest));
  recorder.add(shown.starves);
  recorder.add(shown.refusals);
  return shown;
}

/** A false clock over a power cut is a long outage to everybody who was in the dark. */
const FORGOTTEN_MS: Milliseconds = 26 * HOUR_MS;

/**
 * Whether the feeder could know how much time has passed: not when the power was cut and the wall
 * clock was set wrong within the same day.
 */
class HonestTime implements Checker {
  #lastCutMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastStepMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #nowMs: Milliseconds = 0;

  see(event: Parameters<Checker['see']>[0], now: Situation): void {
    this.#nowMs = now.nowMs;
    if (event.kind === 'death' && event.how === 'power_cut') this.#lastCutMs = now.nowMs;
    if (event.kind === 'fault' && event.fault.startsWith('clock_')) this.#lastStepMs = now.nowMs;
  }

  get isHonest(): boolean {
    return this.#nowMs - Math.min(this.#lastCutMs, this.#lastStepMs) > FORGOTTEN_MS;
  }
}

/** Faults that the ledger shows as active. */
class ActiveFaults implements Checker {
  readonly faults = new Set<string>();

  see(event: Parameters<Checker['see']>[0]): void {
    if (event.kind !== 'entry') return;
    const { entry } = event;
    if (entry.name === 'fault.raised') this.faults.add(entry.body.fault);
    else if (entry.name === 'fault.cleared') this.faults.delete(entry.body.fault);
  }
}

function acknowledgedOf(life: Life): Acknowledged {
  return new Acknowledged({
    fail: life.recorder.fail,
    readOn: life.afterStep,
    held: (requestId) =>
      life.emergency.noted().find(({ claim }) => claim.requestId === requestId)?.claim.feedingId,
  });
}

function refusalsOf(
  life: Life,
  parts: { truths: FeedingTruths; booked: Booked; hasFault: () => boolean },
): GroundedRefusals {
  return new GroundedRefusals({
    ...parts,
    fail: life.recorder.fail,
    settings: () => life.plan.now.settings,
    ...bowlOf(life),
  });
}

function ownDecisionsOf(life: Life, truths: FeedingTruths, isTimeHonest: () => boolean) {
  const { fail } = life.recorder;
  return new OwnDecisions({ fail, plan: life.plan, truths, isTimeHonest, ...bowlOf(life) });
}

/** What truly lies in the bowl, and whether a cat is at it. */
function bowlOf({ world }: Life) {
  return {
    bowlGrams: () => world.truth().bowlGrams,
    isCatThere: () => world.model.cat.isPresent,
  };
}

function onceOf(life: Life, truths: FeedingTruths): AtMostOnce {
  return new AtMostOnce({
    fail: life.recorder.fail,
    truths,
    reader: life.reader,
    isInTransaction: () => life.db.inTransaction,
    readOn: life.afterStep,
    held: (feedingId) => heldClaim(life, feedingId),
  });
}

function heldClaim(life: Life, feedingId: string) {
  const found = life.emergency.noted().find(({ claim }) => claim.feedingId === feedingId)?.claim;
  if (found === undefined) return undefined;
  return { requestId: found.requestId, occurrenceKey: found.occurrence?.key ?? null };
}

/** The board keeps its time without power, and nothing sets it wrong. */
function keepsTime(scenario: Scenario): boolean {
  const spoilers = ['clock_step', 'clock_false', 'clock_lost'] as const;
  const isSpoilt = spoilers.some((kind) => scenario.perDay.has(kind));
  return scenario.clock.afterPowerCut === 'rtc' && !scenario.startsWithoutTime && !isSpoilt;
}
