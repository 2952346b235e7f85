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

/** Counts what a healthy cell does not do. One good reading clears silence and saturation. */
export class CellWatch {
  state: CellState = 'ok';
  #missing = 0;
  #atEnd = 0;
  #equal = 0;
  #last: RawCounts = Number.NaN;

  reset(): void {
    this.state = 'ok';
    this.#missing = 0;
    this.#atEnd = 0;
    this.#equal = 0;
    this.#last = Number.NaN;
  }

  /** Takes what the converter gave. True: a reading that can be turned into grams. */
  accept(counts: RawCounts | null): boolean {
    if (counts === null) {
      this.#missing += 1;
      this.#decide();
      return false;
    }
    this.#missing = 0;
    this.#equal = counts === this.#last ? this.#equal + 1 : 0;
    this.#last = counts;
    this.#atEnd = isSaturated(counts) ? this.#atEnd + 1 : 0;
    this.#decide();
    return this.#atEnd === 0;
  }

  #decide(): void {
    if (this.#missing >= SILENT_AFTER) this.state = 'silent';
    else if (this.#atEnd >= SATURATED_AFTER) this.state = 'saturated';
    else if (this.#equal >= STUCK_AFTER - 1) this.state = 'stuck';
    else this.state = 'ok';
  }
}
