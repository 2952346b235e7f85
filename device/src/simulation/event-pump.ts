import type { Milliseconds } from '@cat-feeder/shared';
import type { VirtualClock } from '../platform/virtual-clock.ts';

/** Turns of the event loop that a request may need while time stands still. */
const ANSWER_TURNS_MAX = 50;
/** Turns in which everything that still goes on comes to its end. */
const LAST_TURNS = 8;
/** Samples and idle ticks that may pass before promises are given a breath. */
const IDLE_EVENTS_PER_BREATH = 16;
/** Promises that go on in a breath. */
const BREATH = 4;

/** Moves the virtual time on, event by event, and gives promises their turns in between. */
export class EventPump {
  readonly #clock: VirtualClock;
  readonly #onThrow: (error: unknown) => void;
  readonly #settling: Promise<void>[] = [];
  /** Promises may go on: after a timer that did something, a commit, a command or an answer. */
  #isStirred = false;
  #sinceTurn = 0;

  /** `onThrow` gets what `settle` waited for and was rejected. */
  constructor(clock: VirtualClock, onThrow: (error: unknown) => void) {
    this.#clock = clock;
    this.#onThrow = onThrow;
  }

  /** Something happened after which promises may go on. */
  stir(): void {
    this.#isStirred = true;
  }

  /** Time stands still before the next event until this is settled, or clearly waits for time. */
  settle(promise: Promise<void>): void {
    this.#settling.push(this.#wait(promise));
  }

  /** Fires everything due up to an instant; `afterEach` says whether to go on. */
  async runUntil(untilMs: Milliseconds, afterEach: () => boolean): Promise<void> {
    for (;;) {
      const nextMs = this.#clock.nextDueMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      this.#clock.runNext();
      if (this.#settling.length > 0) {
        await Promise.all(this.#settling.splice(0));
        this.#isStirred = true;
      }
      if (!this.#isStirred && ++this.#sinceTurn < IDLE_EVENTS_PER_BREATH) continue;
      const wasStirred = this.#isStirred;
      this.#isStirred = false;
      this.#sinceTurn = 0;
      await (wasStirred ? turn() : breath());
      if (!afterEach()) return;
    }
    this.#clock.runUntil(untilMs);
  }

  /** Lets a dead program's last promises run out before its database is closed. */
  async letGo(): Promise<void> {
    for (let i = 0; i < LAST_TURNS; i++) await turn();
  }

  async #wait(promise: Promise<void>): Promise<void> {
    let isSettled = false;
    promise.then(
      () => {
        isSettled = true;
      },
      (error: unknown) => {
        isSettled = true;
        this.#onThrow(error);
      },
    );
    for (let i = 0; i < ANSWER_TURNS_MAX && !isSettled; i++) await turn();
  }
}

/** Lets every promise that can go on, go on. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Lets a few promises go on: enough to notice that there is more. A whole turn costs a system call. */
async function breath(): Promise<void> {
  for (let i = 0; i < BREATH; i++) await Promise.resolve();
}
