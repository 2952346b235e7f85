import type { Milliseconds, Turns } from '@cat-feeder/shared';
import type { Sample } from '../weighing/sample.ts';
import type { BoardTraits } from './control-board.ts';
import type { MotorCommand } from './motor-command.ts';
import { MotorCurrent } from './motor-current.ts';

/** Without edges the shaft is believed to have moved at most this many edge distances. */
const UNSEEN_EDGES_MAX = 1.3;
/** Beyond this many edge distances the next edge is missing. */
const LATE_EDGES = 1.05;
/** A shaft that gave no edge for this many edge times, and at least this long, stands. */
const STALL_EDGE_TIMES = 2.6;
const STALL_MS_MIN: Milliseconds = 450;
/** Slow averaging of the measured speed. */
const RATE_WEIGHT = 0.25;
/** Samples remembered for looking back. */
const HISTORY = 256;

/** How far the shaft had turned, and how far that was from certain. */
export interface TurnMark {
  readonly turns: Turns;
  readonly hiddenTurns: Turns;
  readonly doubtTurns: Turns;
  readonly standingTurns: Turns;
}

/**
 * How far the shaft has turned, in turns of the output: by the clock and the datasheet's speed,
 * corrected by every edge where an index is fitted. Also what edges and current say of the motor.
 */
export class TurnMeter {
  /**
   * Forward only; an edge may correct it down by less than its own distance. Food is reckoned by
   * these alone: what a reverse stroke takes back is not known.
   */
  forwardTurns: Turns = 0;
  /** Reverse only. */
  reverseTurns: Turns = 0;
  /** Powered time of all slices. */
  motorMs: Milliseconds = 0;
  /** When the motor was last powered. */
  lastOnAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Turns per second at full speed, as far as is known. */
  ratePerSecond: number;
  /** Edges since the motor should have come to rest. */
  edgesWhileOff = 0;
  /** Edges seen since the run began. */
  edgesSeen = 0;
  readonly #startAngle: Turns;
  readonly #traits: BoardTraits;
  readonly #current: MotorCurrent;
  /** An edge came while it was driven forward. */
  #hasSeenForward = false;
  readonly #historyAtMs = new Float64Array(HISTORY);
  readonly #historyTurns = new Float64Array(HISTORY);
  #historyNext = 0;
  #historyCount = 0;
  #sign = 1;
  #speed = 1;
  #onFromMs: Milliseconds = 0;
  #onUntilMs: Milliseconds = 0;
  #lastAtMs: Milliseconds = Number.NaN;
  #lastEdges: number | null = null;
  #hasEdgeInDirection = false;
  #sinceEdgeTurns: Turns = 0;
  #drivenSinceEdgeMs: Milliseconds = 0;
  #poweredMs: Milliseconds = 0;
  /** What the clock says beyond what was counted: since the last edge, and from before. */
  #unseenTurns: Turns = 0;
  #hiddenTurns: Turns = 0;
  #doubtTurns: Turns = 0;

  /** `startAngle` is where the shaft stands, in turns; a whole turn more or less says the same. */
  constructor(traits: BoardTraits, startAngle: Turns = 0) {
    this.#startAngle = startAngle;
    this.#traits = traits;
    this.#current = new MotorCurrent(traits.stallMilliamps ?? Number.NaN);
    this.ratePerSecond = traits.nominalTurnsPerSecond;
  }

  /** Takes note of what the motor was told at `atMs`. */
  commanded(command: MotorCommand, atMs: Milliseconds): void {
    if (command.kind === 'hold') return;
    if (command.kind === 'stop') {
      this.#onUntilMs = Math.min(this.#onUntilMs, atMs);
      return;
    }
    const sign = command.direction === 'forward' ? 1 : -1;
    if (sign !== this.#sign) {
      this.#keepHidden();
      this.#sign = sign;
      this.#hasEdgeInDirection = false;
      this.#sinceEdgeTurns = 0;
      this.clearStall();
    }
    this.#speed = command.speed;
    if (atMs >= this.#onUntilMs) this.#poweredMs = 0;
    this.#onFromMs = atMs;
    this.#onUntilMs = atMs + command.maxMs;
  }

  /** Takes the shaft's side of a sample. */
  observe(sample: Sample): void {
    const { atMs } = sample;
    const lastAtMs = Number.isNaN(this.#lastAtMs) ? atMs : this.#lastAtMs;
    const onMs = Math.max(0, Math.min(atMs, this.#onUntilMs) - Math.max(lastAtMs, this.#onFromMs));
    const edges = this.#newEdges(sample.indexEdges);
    this.motorMs += onMs;
    this.#poweredMs += onMs;
    if (onMs > 0) this.lastOnAtMs = Math.min(atMs, this.#onUntilMs);
    this.#advance(onMs, edges);
    this.#watchCurrent(sample.motorMilliamps, onMs, atMs - lastAtMs);
    if (onMs === 0 && atMs - this.lastOnAtMs > 600) this.edgesWhileOff += edges;
    else this.edgesWhileOff = 0;
    this.#lastAtMs = atMs;
    this.#remember(atMs);
  }

  /**
   * Forward turns that may have been made beyond `forwardTurns`, by the motor's time and the rated
   * speed: while it was driven no edge came, and no current showed that the shaft was held.
   */
  get hiddenTurns(): Turns {
    return this.#hiddenTurns + (this.#sign > 0 ? this.#unseenTurns : 0);
  }

  /** The most forward turns there can have been. */
  get mostTurns(): Turns {
    return this.forwardTurns + this.hiddenTurns;
  }

  /** Forward turns that were reckoned by the clock although an edge should have shown them. */
  get doubtTurns(): Turns {
    const perTurn = this.#traits.indexEdgesPerTurn;
    if (perTurn === null || this.#sign < 0) return this.#doubtTurns;
    const isLate = this.#sinceEdgeTurns > LATE_EDGES / perTurn;
    const isDoubtful = isLate || (this.#doubtTurns > 0 && !this.#hasEdgeInDirection);
    return this.#doubtTurns + (isDoubtful ? this.#sinceEdgeTurns : 0);
  }

  /** Forward turns that were reckoned by the clock although the motor drew no current at all. */
  get standingTurns(): Turns {
    return this.#current.standingTurns;
  }

  mark(): TurnMark {
    const { forwardTurns, hiddenTurns, doubtTurns, standingTurns } = this;
    return { turns: forwardTurns, hiddenTurns, doubtTurns, standingTurns };
  }

  /** An edge or the current has shown that the shaft turned forward; the clock alone shows nothing. */
  get hasTurned(): boolean {
    return this.#hasSeenForward || this.#current.hasTurnedForward;
  }

  /** The current says that the shaft is held, whatever the edges say. */
  get isHeld(): boolean {
    return this.#current.isHeld;
  }

  /** How long a current has flowed that should not. */
  get currentWhileOffMs(): Milliseconds {
    return this.#current.whileOffMs;
  }

  /** Where the shaft stood or stands when it has made, or had made, so many forward turns. */
  angleAt(forwardTurns: Turns): Turns {
    return this.#startAngle + forwardTurns - this.reverseTurns;
  }

  /** Whether power is on right now, as far as was commanded. */
  isPowered(atMs: Milliseconds): boolean {
    return atMs < this.#onUntilMs;
  }

  /** Forward turns at an instant that has passed; the oldest known when it lies too far back. */
  forwardTurnsAt(atMs: Milliseconds): Turns {
    for (let back = 1; back <= this.#historyCount; back += 1) {
      const index = (this.#historyNext - back + HISTORY) % HISTORY;
      if ((this.#historyAtMs[index] ?? 0) <= atMs) return this.#historyTurns[index] ?? 0;
    }
    const oldest = (this.#historyNext - this.#historyCount + HISTORY) % HISTORY;
    return this.#historyCount === 0 ? this.forwardTurns : (this.#historyTurns[oldest] ?? 0);
  }

  /** Driven, but it does not turn: by current where it is measured, by missing edges otherwise. */
  get isStalled(): boolean {
    return this.isHeld || (this.#lacksEdges && !this.#current.isRunning);
  }

  /** Driven for longer than any edge needs to come. */
  get #lacksEdges(): boolean {
    const perTurn = this.#traits.indexEdgesPerTurn;
    if (perTurn === null) return false;
    const edgeMs = 1000 / (perTurn * this.ratePerSecond * Math.max(0.1, this.#speed));
    return this.#drivenSinceEdgeMs > Math.max(STALL_MS_MIN, STALL_EDGE_TIMES * edgeMs);
  }

  /** Driven, but it draws no current at all. */
  get isDead(): boolean {
    return this.#current.isDead;
  }

  /** A sensor watches its current and has never seen any: nothing says that the motor ran at all. */
  get isSilent(): boolean {
    return this.#current.isSilent;
  }

  clearStall(): void {
    if (this.isStalled || this.isDead) {
      if (this.#sign > 0) this.#doubtTurns += this.#sinceEdgeTurns;
      this.#keepHidden();
    }
    this.#drivenSinceEdgeMs = 0;
    this.#current.clear();
  }

  #newEdges(indexEdges: number | null): number {
    if (indexEdges === null) return 0;
    const last = this.#lastEdges ?? indexEdges;
    this.#lastEdges = indexEdges;
    const edges = indexEdges - last;
    return edges > 0 && edges < 100_000 ? edges : 0;
  }

  #advance(onMs: Milliseconds, edges: number): void {
    const perTurn = this.#traits.indexEdgesPerTurn;
    const byClock = (this.ratePerSecond * this.#speed * onMs) / 1000;
    if (perTurn === null) {
      this.#move(byClock);
      return;
    }
    this.#drivenSinceEdgeMs += onMs;
    const isIndexLost = this.#lacksEdges && this.#current.isRunning;
    const unseenMax = UNSEEN_EDGES_MAX / perTurn;
    const step = Math.max(0, Math.min(byClock, unseenMax - this.#sinceEdgeTurns));
    this.#sinceEdgeTurns += step;
    this.#move(step);
    if (!this.#current.isHigh) this.#unseenTurns += byClock - step;
    if (isIndexLost) this.#goByClock();
    if (edges === 0) return;
    this.edgesSeen += edges;
    if (this.#sign > 0) this.#hasSeenForward = true;
    if (this.#hasEdgeInDirection) {
      const measured = edges / perTurn;
      this.#move(measured - this.#sinceEdgeTurns);
      if (!isIndexLost) this.#learnRate(measured);
    } else if (edges > 1) {
      this.#move(Math.max(0, (edges - 1) / perTurn - this.#sinceEdgeTurns));
    }
    if (this.#lacksEdges) this.#keepHidden();
    this.#unseenTurns = 0;
    this.#hasEdgeInDirection = true;
    this.#sinceEdgeTurns = 0;
    this.#drivenSinceEdgeMs = 0;
  }

  /** The motor draws what it draws while it turns: what the clock says has been turned. */
  #goByClock(): void {
    this.#move(this.#unseenTurns);
    if (this.#sign > 0) this.#doubtTurns += this.#unseenTurns;
    this.#unseenTurns = 0;
  }

  #keepHidden(): void {
    if (this.#sign > 0) this.#hiddenTurns += this.#unseenTurns;
    this.#unseenTurns = 0;
  }

  /** Only long, uninterrupted motion tells the speed: starts and stops are slower. */
  #learnRate(measured: Turns): void {
    const drivenMs = this.#drivenSinceEdgeMs;
    if (this.#poweredMs < 400 || drivenMs < 60 || this.#speed < 0.99) return;
    const rate = (measured * 1000) / drivenMs;
    const nominal = this.#traits.nominalTurnsPerSecond;
    if (rate < nominal * 0.5 || rate > nominal * 1.6) return;
    this.ratePerSecond += RATE_WEIGHT * (rate - this.ratePerSecond);
  }

  #move(turns: Turns): void {
    if (this.#sign > 0) this.forwardTurns += turns;
    else this.reverseTurns += turns;
  }

  #watchCurrent(milliamps: number | null, onMs: Milliseconds, spanMs: Milliseconds): void {
    if (milliamps === null || this.#traits.stallMilliamps === null) return;
    const { forwardTurns } = this;
    this.#current.observe({
      milliamps,
      onMs,
      spanMs,
      poweredMs: this.#poweredMs,
      forwardTurns,
      isForward: this.#sign > 0,
    });
  }

  #remember(atMs: Milliseconds): void {
    this.#historyAtMs[this.#historyNext] = atMs;
    this.#historyTurns[this.#historyNext] = this.forwardTurns;
    this.#historyNext = (this.#historyNext + 1) % HISTORY;
    if (this.#historyCount < HISTORY) this.#historyCount += 1;
  }
}
