import type { RawCounts } from '@cat-feeder/shared';
import { isSaturated } from './load-cell.ts';

/** What a load cell's stream says about the cell itself. */
export type CellState = 'ok' | 'silent' | 'stuck' | 'saturated';

/** Conversions that fail to come in a row before the cell counts as silent. */
export const SILENT_AFTER = 5;
/** Readings at an end of the range in a row before the cell counts as saturated. */
export const SATURATED_AFTER = 5;
/** Equal counts in a row before the cell counts as stuck: a live 24-bit converter never is. */
export const STUCK_AFTER = 50;

/** So seldom may equal counts in a row be an accident of a cell that shows noise. */
const REPEAT_CHANCE = 1e-6;
const REPEATS_MIN = 4;
/** So many pairs of readings are remembered. */
const PAIRS = 400;

/** Counts what a healthy cell does not do. One good reading clears silence and saturation. */
export class CellWatch {
  state: CellState = 'ok';
  #missing = 0;
  #atEnd = 0;
  #equal = 0;
  #last: RawCounts = Number.NaN;
  /** Pairs of readings in a row, and how many of them were equal, while the cell was alive. */
  #pairs = 0;
  #equalPairs = 0;

  reset(): void {
    this.state = 'ok';
    this.#missing = 0;
    this.#atEnd = 0;
    this.#equal = 0;
    this.#last = Number.NaN;
    this.#pairs = 0;
    this.#equalPairs = 0;
  }

  /**
   * The counts have been the same for longer than this cell's own noise lets them: long before it
   * counts as stuck, what it says is no measurement.
   */
  get isRepeating(): boolean {
    if (this.#equal + 1 < REPEATS_MIN) return false;
    const chance = (this.#equalPairs + 1) / (this.#pairs + 2);
    return chance ** this.#equal < REPEAT_CHANCE;
  }

  /**
   * Takes what the converter gave. True: a reading that can be turned into grams. A value that
   * only repeats the one before, again and again, is none.
   */
  accept(counts: RawCounts | null): boolean {
    if (counts === null) {
      this.#missing += 1;
      this.#decide();
      return false;
    }
    this.#missing = 0;
    if (counts === this.#last) this.#equal += 1;
    else this.#endRow();
    this.#last = counts;
    this.#atEnd = isSaturated(counts) ? this.#atEnd + 1 : 0;
    this.#decide();
    return this.#atEnd === 0 && !this.isRepeating;
  }

  /** A row of equal counts that was no accident says nothing of the noise. */
  #endRow(): void {
    if (!this.isRepeating) {
      this.#equalPairs += this.#equal;
      this.#pairs += this.#equal + 1;
    }
    this.#equal = 0;
    if (this.#pairs < PAIRS) return;
    this.#pairs /= 2;
    this.#equalPairs /= 2;
  }

  #decide(): void {
    if (this.#missing >= SILENT_AFTER) this.state = 'silent';
    else if (this.#atEnd >= SATURATED_AFTER) this.state = 'saturated';
    else if (this.#equal >= STUCK_AFTER - 1) this.state = 'stuck';
    else this.state = 'ok';
  }
}
