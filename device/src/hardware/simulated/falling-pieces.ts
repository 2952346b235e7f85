import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Pieces on their way from the auger to the bowl, in order of landing: a heap in flat arrays. */
export class FallingPieces {
  #landAtMs = new Float64Array(64);
  #grams = new Float64Array(64);
  #count = 0;
  #totalGrams = 0;

  /** When the next piece lands; infinity when none is falling. */
  nextMs: Milliseconds = Number.POSITIVE_INFINITY;

  get totalGrams(): Grams {
    return this.#count === 0 ? 0 : this.#totalGrams;
  }

  add(landAtMs: Milliseconds, grams: Grams): void {
    if (this.#count === this.#landAtMs.length) this.#grow();
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#landAtMs[parent] ?? 0) <= landAtMs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#landAtMs[at] = landAtMs;
    this.#grams[at] = grams;
    this.#totalGrams += grams;
    this.nextMs = this.#landAtMs[0] ?? landAtMs;
  }

  /** Takes the piece that lands next and returns its mass. */
  take(): Grams {
    const grams = this.#grams[0] ?? 0;
    const last = --this.#count;
    const lastLandAtMs = this.#landAtMs[last] ?? 0;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      const right = child + 1;
      if (right < last && (this.#landAtMs[right] ?? 0) < (this.#landAtMs[child] ?? 0)) {
        child = right;
      }
      if (lastLandAtMs <= (this.#landAtMs[child] ?? 0)) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
    this.#totalGrams -= grams;
    this.nextMs = last === 0 ? Number.POSITIVE_INFINITY : (this.#landAtMs[0] ?? 0);
    return grams;
  }

  #move(from: number, to: number): void {
    this.#landAtMs[to] = this.#landAtMs[from] ?? 0;
    this.#grams[to] = this.#grams[from] ?? 0;
  }

  #grow(): void {
    const landAtMs = new Float64Array(this.#landAtMs.length * 2);
    landAtMs.set(this.#landAtMs);
    this.#landAtMs = landAtMs;
    const grams = new Float64Array(this.#grams.length * 2);
    grams.set(this.#grams);
    this.#grams = grams;
  }
}
