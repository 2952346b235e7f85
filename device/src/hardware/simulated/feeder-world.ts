import {
  FeederError,
  type Grams,
  type Milliseconds,
  type ScaleCalibration,
  type Turns,
} from '@cat-feeder/shared';
import type { BoardTraits } from '../../dispensing/control-board.ts';
import type { Clock } from '../../platform/clock.ts';
import { SeededRandom } from '../../platform/random.ts';
import { guessTraits } from './board-traits.ts';
import { FeederModel, type Leak } from './feeder-model.ts';
import type { Profile } from './profile.ts';
import type { MotorInterval } from './shaft.ts';

/** What is really so. For checkers and figures only: nothing that feeds may look at it. */
export interface WorldTruth {
  readonly atMs: Milliseconds;
  readonly hopperGrams: Grams;
  /** Left the hopper, has not come to rest: falling, or held in a blocked chute. */
  readonly inFlightGrams: Grams;
  readonly bowlGrams: Grams;
  /** Totals since the world began. What landed in the bowl does not count what fell beside it. */
  readonly landedGrams: Grams;
  readonly spilledGrams: Grams;
  readonly eatenGrams: Grams;
  readonly refilledGrams: Grams;
  readonly handAddedGrams: Grams;
  readonly handRemovedGrams: Grams;
  /** All food that is or was anywhere, less what was brought: constant (invariant M1). */
  readonly balanceGrams: Grams;
  readonly isMotorOn: boolean;
  readonly isShaftMoving: boolean;
  /** Net turns, the forward part, and the time with power, since the world began. */
  readonly turns: Turns;
  readonly forwardTurns: Turns;
  readonly motorOnMs: Milliseconds;
  readonly isJammed: boolean;
  readonly isBridged: boolean;
  readonly isChuteBlocked: boolean;
  readonly isCatPresent: boolean;
}

/** The electronics of one power-up, as the world sees them. */
export interface PoweredBoard {
  /** Power failed: no sample is delivered and no command obeyed from now on. */
  losePower(): void;
}

/**
 * One feeder with its food, its cat and its faults. It outlives power cuts: a board is plugged
 * into it at each start. Time comes from the clock alone and is caught up with on each call.
 */
export class FeederWorld {
  readonly profile: Profile;
  /** What an installer knows; the same at every power-up. */
  readonly traits: BoardTraits;
  /** The physics behind it, for the board and for tests. */
  readonly model: FeederModel;
  readonly #clock: Clock;
  readonly #originMs: Milliseconds;
  readonly #random: SeededRandom;
  #board: PoweredBoard | null = null;
  #isMotorBroken = false;

  /** `clock` must run through power cuts: not the clock of one boot. */
  constructor(options: {
    readonly profile: Profile;
    readonly clock: Clock;
    readonly seed: number | string;
  }) {
    this.profile = options.profile;
    this.#clock = options.clock;
    this.#originMs = options.clock.monoMs();
    this.model = new FeederModel(options.profile, options.seed);
    this.#random = new SeededRandom(`board ${options.seed}`);
    this.traits = guessTraits(options.profile, this.#random.fork('traits'));
  }

  /** Random numbers for the electronics of one power-up. */
  forkForBoard(): SeededRandom {
    return this.#random.fork('board');
  }

  /** Time of this world: 0 when it was made. */
  nowMs(): Milliseconds {
    return this.#clock.monoMs() - this.#originMs;
  }

  /** Lives on to the present of its clock, or a little further; every other method does so first. */
  catchUp(aheadMs: Milliseconds = 0): void {
    this.model.advanceTo(this.nowMs() + aheadMs);
  }

  truth(): WorldTruth {
    this.catchUp();
    const { hopper, chute, bowl, shaft, auger, cat, nowMs } = this.model;
    const stock = hopper.grams + chute.inFlightGrams + bowl.grams;
    const gone = bowl.eatenGrams + bowl.spilledGrams + bowl.handRemovedGrams;
    return {
      atMs: nowMs,
      hopperGrams: hopper.grams,
      inFlightGrams: chute.inFlightGrams,
      bowlGrams: bowl.grams,
      landedGrams: bowl.landedGrams,
      spilledGrams: bowl.spilledGrams,
      eatenGrams: bowl.eatenGrams,
      refilledGrams: hopper.refilledGrams,
      handAddedGrams: bowl.handAddedGrams,
      handRemovedGrams: bowl.handRemovedGrams,
      balanceGrams: stock + gone - hopper.refilledGrams - bowl.handAddedGrams,
      isMotorOn: shaft.isOnAt(nowMs),
      isShaftMoving: shaft.isMoving,
      turns: shaft.turns,
      forwardTurns: shaft.forwardTurns,
      motorOnMs: shaft.onMs,
      isJammed: auger.isJammed,
      isBridged: hopper.isBridged,
      isChuteBlocked: chute.isBlocked,
      isCatPresent: cat.isPresent,
    };
  }

  /** Food that came to rest in the bowl since that truth was taken. */
  landedSince(mark: Pick<WorldTruth, 'landedGrams'>): Grams {
    this.catchUp();
    return this.model.bowl.landedGrams - mark.landedGrams;
  }

  /** The last 1024 stretches in which the motor had power. */
  motorIntervals(): readonly MotorInterval[] {
    this.catchUp();
    return this.model.shaft.intervals;
  }

  /** The calibration that is right at this moment, with the bowl empty at 0 g. */
  trueCalibration(): ScaleCalibration {
    this.catchUp();
    return {
      zeroCounts: this.model.cell.idealCounts(this.profile.bowl.tareGrams),
      countsPerGram: this.model.cell.countsPerGram,
      noiseGrams: this.profile.bowlCell.noiseGrams,
      taredAtMs: null,
      spannedAtMs: null,
    };
  }

  /** The same of the cell under the hopper; null where none is fitted. */
  trueHopperCalibration(): ScaleCalibration | null {
    const span = this.model.hopper.trueSpan();
    if (span === null) return null;
    const noiseGrams = this.profile.hopper.cellNoiseGrams;
    return { ...span, noiseGrams, taredAtMs: null, spannedAtMs: null };
  }

  /** A board comes up; only one may be plugged in. */
  powerUp(board: PoweredBoard): void {
    this.catchUp();
    if (this.#board !== null) {
      throw new FeederError('ERR_INTERNAL', {
        message: 'Another board drives this feeder; its pins are taken.',
      });
    }
    this.#board = board;
    this.#setPowered(true);
  }

  /** The board was closed in good order. */
  powerDown(board: PoweredBoard): void {
    if (this.#board !== board) return;
    this.catchUp();
    this.#board = null;
    this.model.sampler = null;
    this.#setPowered(false);
  }

  /** Mains gone: the motor has no power from this instant; what falls still lands. */
  powerCut(): void {
    const board = this.#board;
    if (board === null) return;
    this.powerDown(board);
    board.losePower();
  }

  /** Food into the hopper; returns what fitted. A refill also breaks a bridge. */
  refill(grams: Grams): Grams {
    this.catchUp();
    return this.model.hopper.refill(grams);
  }

  /** Takes all food out of the hopper but `leftGrams`. */
  emptyHopper(leftGrams: Grams = 0): void {
    this.catchUp();
    const { hopper, bowl } = this.model;
    const taken = Math.max(0, hopper.grams - leftGrams);
    hopper.grams -= taken;
    bowl.handRemovedGrams += taken;
  }

  /** Another food, as a multiple of the profile's mass for a turn and for a piece. */
  changeKibble(change: { readonly flowFactor?: number; readonly pieceFactor?: number }): void {
    this.catchUp();
    this.model.auger.flowFactor = change.flowFactor ?? this.model.auger.flowFactor;
    this.model.auger.pieceFactor = change.pieceFactor ?? this.model.auger.pieceFactor;
  }

  jam(isJammed = true): void {
    this.catchUp();
    this.model.auger.isJammed = isJammed;
  }

  bridge(isBridged = true): void {
    this.catchUp();
    this.model.hopper.isBridged = isBridged;
  }

  /** Unblocking lets everything that was held come down. */
  blockChute(isBlocked = true): void {
    this.catchUp();
    if (isBlocked) this.model.chute.isBlocked = true;
    else this.model.chute.clear(this.model.nowMs);
  }

  /** From the next forward motion on, food flows by itself. Null closes it. */
  leakFlap(leak: Leak | null): void {
    this.catchUp();
    if (leak === null) this.model.closeLeak();
    else this.model.leak = leak;
  }

  disconnectScale(isDisconnected = true): void {
    this.catchUp();
    this.model.silence.isForced = isDisconnected;
  }

  disconnectHopperCell(isDisconnected = true): void {
    this.catchUp();
    this.model.hopper.isCellConnected = !isDisconnected;
  }

  /** The reading stays what it was. */
  stickScale(isStuck = true): void {
    this.catchUp();
    this.model.cell.isStuck = isStuck;
  }

  saturateScale(isSaturated = true): void {
    this.catchUp();
    this.model.cell.isSaturated = isSaturated;
  }

  /** The cell is wired the other way round from now on, or mended. */
  flipScale(isFlipped = true): void {
    this.catchUp();
    this.model.cell.isFlipped = isFlipped;
  }

  /** The cell loses its calibration: its span as a multiple of what it was. */
  shiftSpan(factor: number): void {
    this.catchUp();
    this.model.cell.spanFactor = factor;
  }

  /** The index or encoder gives no more edges. */
  loseIndex(isLost = true): void {
    this.catchUp();
    this.model.isIndexLost = isLost;
  }

  undervoltage(isLow = true): void {
    this.catchUp();
    this.model.sag.isForced = isLow;
  }

  /** The driver's transistor is through: the motor turns forward whenever there is power. */
  shortMotorDriver(isShorted = true): void {
    this.#switchMotor((shaft) => {
      shaft.isShorted = isShorted;
    });
  }

  /** A broken wire: commands have no effect and no current flows. */
  breakMotor(isDead = true): void {
    this.#isMotorBroken = isDead;
    this.#cutMotor();
  }

  /** The motor's driver is unplugged: nothing turns, and the board knows it. */
  unplugDriver(isAway = true): void {
    this.catchUp();
    this.model.isDriverAway = isAway;
    this.#cutMotor();
  }

  /** A broken wire and a driver that is away each keep the motor still. */
  #cutMotor(): void {
    this.#switchMotor((shaft) => {
      shaft.isDead = this.#isMotorBroken || this.model.isDriverAway;
    });
  }

  /** The motor is wired the other way round. */
  flipMotor(isFlipped = true): void {
    this.#switchMotor((shaft) => {
      shaft.isFlipped = isFlipped;
    });
  }

  /** The bowl is taken away with what is in it; food then falls on the floor. */
  removeBowl(): void {
    this.catchUp();
    this.model.bowl.isPresent = false;
  }

  /** It comes back with what was in it, or emptied. */
  returnBowl(isEmptied = false): void {
    this.catchUp();
    this.model.bowl.isPresent = true;
    if (isEmptied) this.takeFood(Number.POSITIVE_INFINITY);
  }

  /** A known mass that is no food stands on the bowl; 0 takes it away. */
  placeWeight(grams: Grams): void {
    this.catchUp();
    this.model.bowl.weightGrams = grams;
  }

  /** A person puts food into the bowl. */
  addFood(grams: Grams): void {
    this.catchUp();
    this.model.bowl.addByHand(grams);
  }

  /** A person tips out at most this much. */
  takeFood(grams: Grams): void {
    this.catchUp();
    this.model.bowl.removeByHand(grams);
  }

  /** A cat comes and eats this much at its own pace. */
  eatNow(grams: Grams): void {
    this.catchUp();
    this.model.cat.visit(this.model.nowMs, grams);
  }

  /** A cat puts a paw on the bowl. */
  leanCat(grams: Grams, forMs: Milliseconds): void {
    this.catchUp();
    this.model.cat.press(this.model.nowMs, grams, forMs);
  }

  /** A cat sits down in the bowl. */
  sitCat(forMs: Milliseconds): void {
    this.leanCat(this.profile.cat.sitGrams, forMs);
  }

  /** Whatever cat is there goes. */
  scareCat(): void {
    this.catchUp();
    this.model.cat.leave();
  }

  #setPowered(isPowered: boolean): void {
    const { shaft, nowMs } = this.model;
    shaft.cut(nowMs);
    shaft.isPowered = isPowered;
    shaft.updateIntervals(nowMs);
  }

  #switchMotor(change: (shaft: FeederModel['shaft']) => void): void {
    this.catchUp();
    change(this.model.shaft);
    this.model.shaft.updateIntervals(this.model.nowMs);
  }
}
