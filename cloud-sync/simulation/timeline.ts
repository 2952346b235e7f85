/** More than this at one instant is a program that runs in a circle. */
const SAME_INSTANT_MAX = 10_000;

/** Virtual time: what is due first runs first; what is due at the same instant, in the order it was asked for. */
export class Timeline {
  nowMs: number;
  #heap: { readonly atMs: number; readonly n: number; readonly run: () => void | Promise<void> }[] =
    [];
  #count = 0;
  #here = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  at(atMs: number, run: () => void | Promise<void>): void {
    this.#count += 1;
    const heap = this.#heap;
    heap.push({ atMs: Math.max(this.nowMs, Math.ceil(atMs)), n: this.#count, run });
    let i = heap.length - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  after(delayMs: number, run: () => void | Promise<void>): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** Runs everything due up to an instant. */
  async runUntil(endMs: number): Promise<void> {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.atMs > endMs) break;
      this.#removeFirst();
      this.#here = first.atMs === this.nowMs ? this.#here + 1 : 0;
      if (this.#here > SAME_INSTANT_MAX) throw new RangeError('Time does not go on.');
      this.nowMs = first.atMs;
      await first.run();
    }
    this.nowMs = Math.max(this.nowMs, Math.ceil(endMs));
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i];
    const b = this.#heap[j];
    if (a === undefined || b === undefined) return false;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.n < b.n);
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i];
    const b = this.#heap[j];
    if (a === undefined || b === undefined) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}
