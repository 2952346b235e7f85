import { healthy, type PartHealth } from '../../platform/part.ts';

/** What converters of 24 bits give at their ends. */
export const COUNTS_ENDS: readonly number[] = [-8_388_608, 8_388_607];
/** So many readings at an end of the range in a row are no cat. */
const SATURATED_MAX = 5;

/** Tells a cell that stays at an end of its converter's range from one that is leant on. */
export class EndOfRange {
  readonly #name: string;
  #inARow = 0;

  /** `name` is for people: `bowl` or `hopper`. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The cell's health after one more reading. */
  take(isAtEnd: boolean): PartHealth {
    this.#inARow = isAtEnd ? this.#inARow + 1 : 0;
    if (this.#inARow < SATURATED_MAX) return healthy;
    return {
      state: 'saturated',
      why: `The ${this.#name} cell is at an end of its range: too much lies on it, or one of its four wires is off.`,
    };
  }
}
