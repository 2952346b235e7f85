import type { Milliseconds, Turns } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import type { Profile } from './profile.ts';

/** A stretch of time in which the motor had power; `toMs` is infinity while it lasts. */
export interface MotorInterval {
  readonly fromMs: Milliseconds;
  readonly toMs: Milliseconds;
}

const INTERVALS_MAX = 1024;
const UNDERVOLTAGE_SPEED_SHARE = 0.6;

/**
 * The motor with its driver and output shaft. The driver obeys one command with a deadline; the
 * shaft speeds up and coasts at constant rates. Whoever advances it stops at `deadlineMs`.
 */
export class Shaft {
  readonly #motor: Profile['motor'];
  readonly #random: SeededRandom;
  #commandTurnsPerSecond = 0;
  #turnsPerSecond = 0;
  #runFactor = 1;
  #intervals: { fromMs: Milliseconds; toMs: Milliseconds }[] = [];

  /** When the present command ends; not after now when there is none. */
  deadlineMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Net turns, forward positive, and the way travelled in either direction, since the beginning. */
  turns: Turns = 0;
  travelTurns: Turns = 0;
  forwardTurns: Turns = 0;
  onMs: Milliseconds = 0;
  /** Current times time in mA ms, since the beginning. */
  charge = 0;

  /** The board has power. Without it nothing drives the motor, not even a shorted driver. */
  isPowered = false;
  isShorted = false;
  isDead = false;
  isFlipped = false;
  isUndervolted = false;

  constructor(motor: Profile['motor'], random: SeededRandom) {
    this.#motor = motor;
    this.#random = random;
  }

  command(atMs: Milliseconds, turnsPerSecondShare: number, maxMs: Milliseconds): void {
    const wasOn = this.isOnAt(atMs);
    if (!wasOn) {
      this.#runFactor = 1 + this.#motor.speedSdFraction * this.#random.gaussian();
    }
    const direction = this.isFlipped ? -1 : 1;
    this.#commandTurnsPerSecond =
      direction * turnsPerSecondShare * this.#motor.turnsPerSecond * this.#runFactor;
    this.deadlineMs = atMs + maxMs;
    if (!wasOn) this.#openInterval(atMs);
    else if (!this.isShorted) this.#setIntervalEnd(this.deadlineMs);
  }

  cut(atMs: Milliseconds): void {
    if (this.deadlineMs > atMs) this.deadlineMs = atMs;
    this.updateIntervals(atMs);
  }

  /** The motor has power at this instant. */
  isOnAt(atMs: Milliseconds): boolean {
    return this.isPowered && (this.isShorted || (atMs < this.deadlineMs && !this.isDead));
  }

  get isMoving(): boolean {
    return this.#turnsPerSecond !== 0;
  }

  /** Call after a switch (power, short, dead) changed at this instant: the record follows. */
  updateIntervals(atMs: Milliseconds): void {
    const last = this.#intervals.at(-1);
    const isRecorded = last !== undefined && last.toMs > atMs;
    const isOn = this.isOnAt(atMs);
    if (isOn && !isRecorded) this.#openInterval(atMs);
    else if (isOn) this.#setIntervalEnd(this.#endOfPower());
    else if (isRecorded) this.#setIntervalEnd(atMs);
  }

  /** The last stretches with power, oldest first; at most 1024. */
  get intervals(): readonly MotorInterval[] {
    return this.#intervals;
  }

  /**
   * Turns for `dtMs` from `fromMs`, in which the command does not end; returns the turns made,
   * forward positive. A held shaft cannot turn forward.
   */
  advance(fromMs: Milliseconds, dtMs: Milliseconds, isHeld: boolean): Turns {
    const isOn = this.isOnAt(fromMs);
    const target = isOn ? this.#targetTurnsPerSecond() : 0;
    if (isOn) this.onMs += dtMs;
    const stalls = isHeld && (target > 0 || this.#turnsPerSecond > 0);
    if (stalls) {
      this.#turnsPerSecond = 0;
      if (isOn) this.charge += this.#motor.stallMilliamps * dtMs;
      return 0;
    }
    const turns = this.#ramp(target, dtMs);
    if (isOn) {
      const starting = target - this.#turnsPerSecond !== 0 ? 1.5 : 1;
      this.charge += this.#motor.runMilliamps * starting * dtMs;
    }
    this.turns += turns;
    this.travelTurns += Math.abs(turns);
    if (turns > 0) this.forwardTurns += turns;
    return turns;
  }

  #ramp(target: number, dtMs: Milliseconds): Turns {
    const from = this.#turnsPerSecond;
    if (from === target) return (from * dtMs) / 1000;
    const isCoasting = target === 0;
    const rampMs = isCoasting ? this.#motor.coastMs : this.#motor.spinUpMs;
    const slope = this.#motor.turnsPerSecond / Math.max(rampMs, 0.1);
    const neededMs = Math.abs(target - from) / slope;
    if (neededMs > dtMs) {
      this.#turnsPerSecond = from + Math.sign(target - from) * slope * dtMs;
      return (((from + this.#turnsPerSecond) / 2) * dtMs) / 1000;
    }
    this.#turnsPerSecond = target;
    return (((from + target) / 2) * neededMs + target * (dtMs - neededMs)) / 1000;
  }

  #targetTurnsPerSecond(): number {
    const target = this.isShorted ? this.#motor.turnsPerSecond : this.#commandTurnsPerSecond;
    return this.isUndervolted ? target * UNDERVOLTAGE_SPEED_SHARE : target;
  }

  #endOfPower(): Milliseconds {
    return this.isShorted ? Number.POSITIVE_INFINITY : this.deadlineMs;
  }

  #openInterval(atMs: Milliseconds): void {
    if (!this.isOnAt(atMs)) return;
    if (this.#intervals.length === INTERVALS_MAX) this.#intervals.shift();
    this.#intervals.push({ fromMs: atMs, toMs: this.#endOfPower() });
  }

  #setIntervalEnd(toMs: Milliseconds): void {
    const last = this.#intervals.at(-1);
    if (last !== undefined) last.toMs = toMs;
  }
}
