import { type EpochMs, FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from './clock.ts';

interface Timer {
  readonly name: string;
  readonly dueMs: Milliseconds;
  /** Order among timers due at the same instant: first asked, first fired. */
  readonly order: number;
  /** Undefined once the timer has fired or was cancelled. */
  fire: (() => void) | undefined;
}

/** Below this many dead timers it is not worth to sweep the heap. */
const SWEEP_TIMERS_MIN = 64;

/**
 * Time that moves only when it is told to: for tests, the simulator and replays. Timers fire in
 * order of their due time, those due at the same instant in the order they were asked for, so a
 * run is the same every time. What a timer throws comes out of the call that moved the time.
 */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #deadTimers = 0;
  #order = 0;
  #monoMs: Milliseconds;
  #wallOffsetMs: Milliseconds;

  constructor(start: { readonly wallMs?: EpochMs; readonly monoMs?: Milliseconds } = {}) {
    this.#monoMs = start.monoMs ?? 0;
    this.#wallOffsetMs = (start.wallMs ?? 0) - this.#monoMs;
  }

  wallMs(): EpochMs {
    return this.#monoMs + this.#wallOffsetMs;
  }

  monoMs(): Milliseconds {
    return this.#monoMs;
  }

  after(name: string, delayMs: Milliseconds, fire: () => void): Cancel {
    if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY)) {
      throw new FeederError('ERR_INTERNAL', {
        message: `The timer '${name}' has a delay of ${delayMs} ms.`,
      });
    }
    const timer: Timer = { name, dueMs: this.#monoMs + delayMs, order: this.#order++, fire };
    this.#push(timer);
    return () => {
      if (timer.fire === undefined) return;
      timer.fire = undefined;
      this.#deadTimers += 1;
      if (this.#deadTimers > SWEEP_TIMERS_MIN && this.#deadTimers * 2 > this.#heap.length) {
        this.#sweep();
      }
    };
  }

  /** Moves time on by `ms` and fires what becomes due on the way, timers of timers included. */
  advance(ms: Milliseconds): void {
    this.runUntil(this.#monoMs + ms);
  }

  /** Fires everything due up to `monoMs`, which is the time afterwards; never goes back. */
  runUntil(monoMs: Milliseconds): void {
    for (let timer = this.#head(); timer && timer.dueMs <= monoMs; timer = this.#head()) {
      this.#fireHead(timer);
    }
    if (monoMs > this.#monoMs) this.#monoMs = monoMs;
  }

  /** Jumps to the next timer and fires it alone. False when there is none. */
  runNext(): boolean {
    const timer = this.#head();
    if (timer === undefined) return false;
    this.#fireHead(timer);
    return true;
  }

  /** When the next timer is due, or undefined without one. */
  nextDueMs(): Milliseconds | undefined {
    return this.#head()?.dueMs;
  }

  /** Names of the timers that wait, in the order they will fire. */
  pendingNames(): string[] {
    return this.#heap
      .filter((timer) => timer.fire !== undefined)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .map((timer) => timer.name);
  }

  /** Sets the wall clock forward or back; monotonic time and timers do not notice. */
  stepWall(deltaMs: Milliseconds): void {
    this.#wallOffsetMs += deltaMs;
  }

  #fireHead(timer: Timer): void {
    this.#pop();
    if (timer.dueMs > this.#monoMs) this.#monoMs = timer.dueMs;
    const fire = timer.fire;
    timer.fire = undefined;
    fire?.();
  }

  /** The next live timer; drops cancelled ones that stand before it. */
  #head(): Timer | undefined {
    let timer = this.#heap[0];
    while (timer !== undefined && timer.fire === undefined) {
      this.#pop();
      this.#deadTimers -= 1;
      timer = this.#heap[0];
    }
    return timer;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = heap[childAt];
      if (child === undefined) break;
      const right = heap[childAt + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childAt += 1;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }

  #sweep(): void {
    const live = this.#heap.filter((timer) => timer.fire !== undefined);
    this.#heap.length = 0;
    for (const timer of live) this.#push(timer);
    this.#deadTimers = 0;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
