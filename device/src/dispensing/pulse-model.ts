import type { Grams, Turns } from '@cat-feeder/shared';
import { PulseYield } from './pulse-yield.ts';

/** Older turns fade with this length. */
const MEMORY_TURNS: Turns = 12;
/** A screw seldom swings by more than this share of what a turn delivers. */
const SWING_SHARE = 0.06;
/** What else makes a part of a turn uneven, before anything was seen. */
const REST_SHARE = 0.08;
/** Parts of a turn behind the mean of what is left unexplained. */
const REST_MEMORY = 60;
/** What lies further off than this part of a turn was no food. */
const REST_TURNS_MAX: Turns = 0.25;
const TAU = 2 * Math.PI;

/**
 * How the flow swings within a turn: a screw delivers in pulses, and the next one comes at the
 * same angle. A sine fitted to what has been seen tells what a part of a turn delivers, and what
 * the sine leaves unexplained tells how far to believe that. It outlives a run; a shaft without
 * an index loses its angle, and the sine then shrinks to nothing.
 */
export class PulseModel {
  /** What short pulses of this dispenser bring. */
  readonly short = new PulseYield();
  #sinSin = 0;
  #sinCos = 0;
  #cosCos = 0;
  #sinRest = 0;
  #cosRest = 0;
  #sin = 0;
  #cos = 0;
  #restSquares = 0;
  #restCount = 0;

  /** Takes what fell between two angles, and what a turn delivers in the mean. */
  learn(from: Turns, to: Turns, seen: { grams: Grams; gramsPerTurn: Grams }): void {
    const { gramsPerTurn } = seen;
    if (!(to > from) || !(gramsPerTurn > 0)) return;
    const sin = Math.sin(TAU * to) - Math.sin(TAU * from);
    const cos = Math.cos(TAU * to) - Math.cos(TAU * from);
    const rest = seen.grams / gramsPerTurn - (to - from);
    const unbounded = rest - this.swing(from, to);
    const left = Math.max(-REST_TURNS_MAX, Math.min(REST_TURNS_MAX, unbounded));
    this.#restCount = Math.min(REST_MEMORY, this.#restCount + 1);
    this.#restSquares += ((left * left) / (to - from) - this.#restSquares) / this.#restCount;
    const fade = Math.exp((from - to) / MEMORY_TURNS);
    this.#sinSin = fade * this.#sinSin + sin * sin;
    this.#sinCos = fade * this.#sinCos + sin * cos;
    this.#cosCos = fade * this.#cosCos + cos * cos;
    const believed = rest - unbounded + left;
    this.#sinRest = fade * this.#sinRest + sin * believed;
    this.#cosRest = fade * this.#cosRest + cos * believed;
    this.#fit();
  }

  /** How much more than the mean falls between two angles, as a part of what a turn delivers. */
  swing(from: Turns, to: Turns): Turns {
    return this.offset(to) - this.offset(from);
  }

  /** How far delivery is ahead of the mean at an angle. */
  offset(angle: Turns): Turns {
    return this.#sin * Math.sin(TAU * angle) + this.#cos * Math.cos(TAU * angle);
  }

  #fit(): void {
    const ridge = (REST_SHARE / SWING_SHARE) ** 2;
    const sinSin = this.#sinSin + ridge;
    const cosCos = this.#cosCos + ridge;
    const determinant = sinSin * cosCos - this.#sinCos * this.#sinCos;
    this.#sin = (cosCos * this.#sinRest - this.#sinCos * this.#cosRest) / determinant;
    this.#cos = (sinSin * this.#cosRest - this.#sinCos * this.#sinRest) / determinant;
  }

  /** Spread of what a part of a turn delivers, as a share of a whole turn; null until it is known. */
  restShare(turns: Turns): number | null {
    if (this.#restCount < REST_MEMORY / 2) return null;
    return Math.sqrt(this.#restSquares * Math.max(0, turns));
  }
}
