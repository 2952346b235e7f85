import type { Grams, Milliseconds } from '@cat-feeder/shared';
import { SeededRandom } from '../../platform/random.ts';
import { Auger } from './auger.ts';
import { Bowl } from './bowl.ts';
import { BowlCell, type CellLoad, type Conversion } from './bowl-cell.ts';
import { Cat } from './cat.ts';
import { Episode } from './chance.ts';
import { Chute } from './chute.ts';
import { Hopper } from './hopper.ts';
import type { Profile } from './profile.ts';
import { Shaft } from './shaft.ts';

/*
 * The physics of one feeder, deterministic from its seed.
 *
 *   hopper --supply--> auger --whole pieces--> chute --after the fall--> bowl --bites--> cat
 *                        ^                                                |
 *                      shaft (motor, deadline)                        bowl cell --> sampler
 *
 * Time only goes forward and is skipped where nothing happens: between two events nothing is
 * worked out but a turning shaft, and that in steps.
 * M1 Hopper + falling + bowl + eaten + spilled + taken = start + refilled + given by hand.
 * M2 The shaft gets no power after the deadline of its last command, whoever calls or does not.
 * M3 The same profile, seed and calls at the same times give the same readings, bit by bit.
 */

/** Something that wants to read the sensors at instants of its own choice. */
export interface Sampler {
  /** Its next instant; infinity for none. Must grow with every `sample`. */
  readonly nextMs: Milliseconds;
  sample(atMs: Milliseconds): void;
}

/** Steps of a turning shaft: shorter than the shortest fall, so that release comes before landing. */
const STEP_MS: Milliseconds = 12.5;
/** A reverse way of this length gives a jam, a bridge and a block one chance each to clear. */
const STROKE_TURNS = 0.25;
/** A motor that starts after this pause makes a sound that a cat may follow. */
const QUIET_MS: Milliseconds = 60_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Food that flows through the screw by itself: a worn or broken flap. */
export interface Leak {
  readonly gramsPerSecond: number;
  /** Whether a reverse stroke closes it. */
  readonly closesOnReverse: boolean;
}

export class FeederModel {
  readonly hopper: Hopper;
  readonly auger: Auger;
  readonly shaft: Shaft;
  readonly chute: Chute;
  readonly bowl: Bowl;
  readonly cell: BowlCell;
  readonly cat: Cat;
  readonly silence: Episode;
  readonly sag: Episode;

  sampler: Sampler | null = null;
  leak: Leak | null = null;
  /** The index or encoder gives no more edges. */
  isIndexLost = false;
  /** The motor's driver is unplugged, and its board says so. */
  isDriverAway = false;

  readonly #profile: Profile;
  readonly #random: SeededRandom;
  readonly #load: Mutable<CellLoad> = { grams: 0, impactGramMs: 0, isMotorOn: false };
  #nowMs: Milliseconds = 0;
  #isLeakOpen = false;
  #reverseTurns = 0;
  #movedForward = false;
  #movedAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(profile: Profile, seed: number | string) {
    this.#profile = profile;
    const random = new SeededRandom(seed);
    this.#random = random.fork('model');
    this.hopper = new Hopper(profile, random.fork('hopper'));
    this.auger = new Auger(profile, random.fork('auger'));
    this.shaft = new Shaft(profile.motor, random.fork('shaft'));
    this.chute = new Chute(profile, random.fork('chute'));
    this.bowl = new Bowl(profile);
    this.cell = new BowlCell(profile, random.fork('cell'));
    this.cat = new Cat(profile, random.fork('cat'));
    const { faults } = profile;
    this.silence = new Episode(
      faults.scaleSilentPerDay,
      faults.scaleSilentSecondsMean,
      random.fork('silence'),
    );
    this.sag = new Episode(
      faults.undervoltagePerDay,
      faults.undervoltageSecondsMean,
      random.fork('sag'),
    );
  }

  get nowMs(): Milliseconds {
    return this.#nowMs;
  }

  /** Lives on to `atMs`; going back does nothing. */
  advanceTo(atMs: Milliseconds): void {
    let eventMs = this.#nextEventMs();
    // Ends: every pass moves time on, or takes one of finitely many events due at this instant.
    while (this.#nowMs < atMs || eventMs <= atMs) {
      const isTurning = this.#isTurning();
      let untilMs = eventMs < atMs ? eventMs : atMs;
      if (isTurning) untilMs = Math.min(untilMs, this.#stepEndMs());
      if (untilMs > this.#nowMs) {
        const fromMs = this.#nowMs;
        this.#nowMs = untilMs;
        if (isTurning) this.#turn(fromMs, untilMs - fromMs);
      }
      if (this.#nowMs >= eventMs) this.#takeEvent();
      eventMs = this.#nextEventMs();
    }
  }

  /** The driver gets a command: a signed share of full speed until a deadline. */
  runMotor(share: number, maxMs: Milliseconds): void {
    if (this.#nowMs - this.#movedAtMs > QUIET_MS) this.cat.hearMotor(this.#nowMs);
    this.#movedAtMs = this.#nowMs;
    this.shaft.command(this.#nowMs, share, maxMs);
  }

  stopMotor(): void {
    this.shaft.cut(this.#nowMs);
  }

  /** One reading of the bowl cell, now. */
  readBowlCell(conversion: Conversion): number | null {
    this.cell.isSilent = this.silence.isActive;
    this.#load.grams = this.bowl.loadGrams + this.cat.forceGrams();
    this.#load.impactGramMs = this.bowl.takeImpact();
    this.#load.isMotorOn = this.shaft.isMoving;
    return this.cell.convert(this.#nowMs, this.#load, conversion);
  }

  /** The flap is shut, or mended. */
  closeLeak(): void {
    this.leak = null;
    this.#isLeakOpen = false;
  }

  #isTurning(): boolean {
    const isLeaking = this.#isLeakOpen && this.hopper.supply > 0;
    return isLeaking || this.shaft.isMoving || this.shaft.isOnAt(this.#nowMs);
  }

  #stepEndMs(): Milliseconds {
    const endMs = this.#nowMs + STEP_MS;
    const { deadlineMs } = this.shaft;
    return deadlineMs > this.#nowMs && deadlineMs < endMs ? deadlineMs : endMs;
  }

  #nextEventMs(): Milliseconds {
    let nextMs = this.chute.falling.nextMs;
    if (this.cat.nextMs < nextMs) nextMs = this.cat.nextMs;
    if (this.silence.nextMs < nextMs) nextMs = this.silence.nextMs;
    if (this.sag.nextMs < nextMs) nextMs = this.sag.nextMs;
    if (this.sampler !== null && this.sampler.nextMs < nextMs) nextMs = this.sampler.nextMs;
    return nextMs;
  }

  #takeEvent(): void {
    const nowMs = this.#nowMs;
    if (this.chute.falling.nextMs <= nowMs) this.#land(this.chute.falling.take());
    else if (this.cat.nextMs <= nowMs) this.cat.act(nowMs, this.bowl);
    else if (this.silence.nextMs <= nowMs) this.silence.change(nowMs);
    else if (this.sag.nextMs <= nowMs) this.sag.change(nowMs);
    else this.sampler?.sample(nowMs);
  }

  #land(grams: Grams): void {
    if (this.cat.deflects()) this.bowl.spill(grams);
    else this.bowl.land(grams, this.#random.next());
  }

  #turn(fromMs: Milliseconds, dtMs: Milliseconds): void {
    const wasMoving = this.shaft.isMoving;
    this.shaft.isUndervolted = this.sag.isActive;
    const turns = this.shaft.advance(fromMs, dtMs, this.auger.isJammed || this.chute.isFull);
    if (turns > 0) this.#forward(turns);
    else if (turns < 0) this.#backward(-turns);
    if (this.#isLeakOpen) this.#leakFor(dtMs);
    // Ends: each piece uses up mass that was moved, and a step moves little.
    for (let grams = this.#takePiece(); grams > 0; grams = this.#takePiece()) {
      this.chute.release(fromMs + dtMs / 2, grams);
    }
    if (this.shaft.isMoving) this.#movedAtMs = this.#nowMs;
    else if (wasMoving) this.#standStill();
  }

  #forward(turns: number): void {
    this.auger.forward(turns, this.hopper.supply, this.shaft.forwardTurns);
    this.hopper.forward(turns);
    this.chute.forward(turns);
    this.#movedForward = true;
    this.#isLeakOpen = this.leak !== null;
  }

  #backward(turns: number): void {
    this.auger.backward(turns, this.hopper.supply);
    this.#reverseTurns += turns;
    if (this.#reverseTurns < STROKE_TURNS) return;
    this.#reverseTurns -= STROKE_TURNS;
    const { faults } = this.#profile;
    if (this.auger.isJammed && this.#random.chance(faults.jamClearsOnReverseProbability)) {
      this.auger.isJammed = false;
    }
    if (this.hopper.isBridged && this.#random.chance(faults.bridgeClearsOnReverseProbability)) {
      this.hopper.isBridged = false;
    }
    if (this.chute.isBlocked && this.#random.chance(faults.chuteClearsOnReverseProbability)) {
      this.chute.clear(this.#nowMs);
    }
    if (this.leak?.closesOnReverse) this.closeLeak();
  }

  #leakFor(dtMs: Milliseconds): void {
    if (this.leak === null || this.hopper.supply === 0 || this.chute.isFull) return;
    this.auger.leak((this.leak.gramsPerSecond * dtMs) / 1000);
  }

  #takePiece(): Grams {
    const grams = this.auger.takePiece(this.hopper.grams);
    this.hopper.grams -= grams;
    return grams;
  }

  #standStill(): void {
    if (!this.#movedForward || this.hopper.supply === 0) return;
    this.#movedForward = false;
    for (let pieces = this.chute.drawDribble(); pieces > 0 && this.hopper.grams > 0; pieces--) {
      const grams = this.auger.takeDribble(this.hopper.grams);
      this.hopper.grams -= grams;
      this.chute.releaseDribble(this.#nowMs, grams);
    }
  }
}
