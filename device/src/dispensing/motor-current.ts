import type { Milliseconds, Turns } from '@cat-feeder/shared';

/** Current above this share of the stall current, for this long after the inrush, is a stall. */
const STALL_CURRENT_SHARE = 0.72;
const STALL_CURRENT_MS: Milliseconds = 220;
const INRUSH_MS: Milliseconds = 160;
/** Current below this share of the stall current while driven: no motor is connected. */
const DEAD_CURRENT_SHARE = 0.035;
const DEAD_CURRENT_MS: Milliseconds = 400;
/** Current between the two for so long, without an edge: the shaft turns and the index is lost. */
const RUNNING_MS: Milliseconds = 200;
/** A shaft that surely turns draws less than this share, with all that is unsure about either. */
const TURNING_CURRENT_SHARE = 0.5;
/** Current above this share of the stall current while the motor is off is one that should not flow. */
const STRAY_CURRENT_SHARE = 0.12;

/** One measurement: the mean current over a span of which the motor was driven for a part. */
export interface CurrentReading {
  readonly milliamps: number;
  readonly onMs: Milliseconds;
  readonly spanMs: Milliseconds;
  /** How long the motor had been driven without a pause by the end of it. */
  readonly poweredMs: Milliseconds;
  /** Forward turns by then, as they are reckoned. */
  readonly forwardTurns: Turns;
  readonly isForward: boolean;
}

/** What the motor's current says of its shaft. Without a sensor it is never told anything. */
export class MotorCurrent {
  /** How long a current has flowed that should not. */
  whileOffMs: Milliseconds = 0;
  /** It was as low as a shaft's that turns forward, and no lower, for a whole reading. */
  hasTurnedForward = false;
  /** Time driven by now, and whether anything was drawn in it. */
  #drivenMs: Milliseconds = 0;
  #hasDrawn = false;
  readonly #stallMilliamps: number;
  #highMs: Milliseconds = 0;
  #lowMs: Milliseconds = 0;
  #runningMs: Milliseconds = 0;
  /** Nothing was drawn for so long that the motor counted as dead, and nothing has been since. */
  #isGone = false;
  #forwardTurns: Turns = 0;
  /** Forward turns when the motor last drew anything, and those made without, before that. */
  #aliveTurns: Turns = 0;
  #standingTurns: Turns = 0;

  constructor(stallMilliamps: number) {
    this.#stallMilliamps = stallMilliamps;
  }

  observe(reading: CurrentReading): void {
    const { milliamps, onMs, spanMs, poweredMs } = reading;
    const stall = this.#stallMilliamps;
    const isLow = milliamps < stall * DEAD_CURRENT_SHARE;
    if (onMs > 0 && !isLow) this.#noteAlive(reading.forwardTurns);
    this.#forwardTurns = reading.forwardTurns;
    if (!(onMs > 0)) {
      const isFlowing = milliamps > stall * STRAY_CURRENT_SHARE;
      this.whileOffMs = isFlowing ? this.whileOffMs + spanMs : 0;
      return;
    }
    this.whileOffMs = 0;
    this.#drivenMs += onMs;
    if (poweredMs < INRUSH_MS) return;
    const isHigh = milliamps > stall * STALL_CURRENT_SHARE;
    this.#highMs = isHigh ? this.#highMs + onMs : 0;
    this.#lowMs = isLow ? this.#lowMs + onMs : 0;
    this.#runningMs = isHigh || isLow ? 0 : this.#runningMs + onMs;
    if (this.isDead) this.#isGone = true;
    // A mean over a span that ended without power says nothing: a held shaft looks free in it.
    const isTurning = !isLow && milliamps < stall * TURNING_CURRENT_SHARE;
    if (isTurning && reading.isForward && onMs >= spanMs) this.hasTurnedForward = true;
  }

  /** The shaft is held. */
  get isHeld(): boolean {
    return this.#highMs >= STALL_CURRENT_MS;
  }

  /** It is as high as a held shaft's at present. */
  get isHigh(): boolean {
    return this.#highMs > 0;
  }

  /** The shaft turns: for some time it has been neither held nor without current. */
  get isRunning(): boolean {
    return this.#runningMs >= RUNNING_MS;
  }

  /** Driven, but nothing is drawn at all. */
  get isDead(): boolean {
    return this.#lowMs >= DEAD_CURRENT_MS;
  }

  /** The motor was driven, if only for moments, and never drew anything. */
  get isSilent(): boolean {
    return this.#drivenMs > 0 && !this.#hasDrawn;
  }

  /** Forward turns that were reckoned by the clock while a dead motor drew nothing. */
  get standingTurns(): Turns {
    const now = this.#isGone ? this.#forwardTurns - this.#aliveTurns : 0;
    return this.#standingTurns + Math.max(0, now);
  }

  /** What was seen by now has been answered for: another attempt begins. */
  clear(): void {
    this.#highMs = 0;
    this.#lowMs = 0;
  }

  #noteAlive(forwardTurns: Turns): void {
    this.#hasDrawn = true;
    this.#standingTurns = this.standingTurns;
    this.#isGone = false;
    this.#aliveTurns = forwardTurns;
  }
}
