import type { Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { FrontButton, PressPattern } from '../../platform/front-button.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { InputLine, LineSource } from '../io/lines.ts';
import { BabbleWatch } from './babble-watch.ts';
import { nextPress, type PressEvent, type Pressing, unpressed } from './press-machine.ts';

const DEBOUNCE_MS: Milliseconds = 20;
/** Nobody holds a button for longer: it is stuck, or its cable is pinched. */
const STUCK_MS: Milliseconds = 30_000;
/** A timer that finds the button up already waits this long for the edge that says when. */
const EDGE_DUE_MS: Milliseconds = 50;

/** A push button to ground on an input line. */
export class LineButton implements FrontButton {
  readonly #clock: Clock;
  readonly #line: InputLine;
  readonly #babble = new BabbleWatch();
  #pressing: Pressing = unpressed;
  #lost: string | null = null;
  #isClosed = false;
  #cancel: Cancel = () => {};
  #listener: (pattern: PressPattern) => void = () => {};

  /** Throws what the source throws when the line cannot be had. */
  constructor(parts: { readonly lines: LineSource; readonly clock: Clock; readonly pin: number }) {
    this.#clock = parts.clock;
    this.#line = parts.lines.input({
      pin: parts.pin,
      activeLow: true,
      bias: 'up',
      debounceMs: DEBOUNCE_MS,
    });
    // A button that is down at power-up is held by nobody who means something.
    if (this.#line.level() === 1) {
      this.#pressing = { state: 'held', sinceMs: this.#clock.monoMs() };
    }
    this.#line.onEdge((edge) => {
      this.#babble.note(edge.atMs);
      this.#take(edge.level === 1 ? 'down' : 'up', edge.atMs);
    });
    this.#line.onLost((cause) => {
      this.#lost = `The line of the front button is lost: ${reasonOf(cause)}`;
      this.#cancel();
    });
  }

  onPattern(listener: (pattern: PressPattern) => void): void {
    this.#listener = listener;
  }

  selfTest(): Promise<PartCheck> {
    const found = `the front button is ${this.#pressing.state === 'up' ? 'up' : 'down'}`;
    return Promise.resolve(
      checkOf(this.health(), found, 'Check the front button, its plug and its cable.'),
    );
  }

  health(): PartHealth {
    if (this.#lost !== null) return { state: 'unplugged', why: this.#lost };
    const nowMs = this.#clock.monoMs();
    if (this.#babble.isBabbling(nowMs)) {
      return { state: 'babbling', why: 'The front button changes all the time.' };
    }
    const { state, sinceMs } = this.#pressing;
    if (state === 'held' && nowMs - sinceMs > STUCK_MS) {
      return { state: 'stuck', why: 'The front button has been down for half a minute.' };
    }
    return healthy;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#line.close();
  }

  #take(event: PressEvent, atMs: Milliseconds): void {
    if (this.#isClosed) return;
    this.#cancel();
    const { pressing, pattern, wakeAtMs } = nextPress(this.#pressing, event, atMs);
    this.#pressing = pressing;
    if (wakeAtMs !== null) this.#wake(Math.max(0, wakeAtMs - this.#clock.monoMs()));
    if (pattern !== null && !this.#babble.isBabbling(atMs)) this.#listener(pattern);
  }

  #wake(waitMs: Milliseconds): void {
    this.#cancel = this.#clock.after('button pattern', waitMs, () => {
      const isDown = this.#pressing.state === 'down' || this.#pressing.state === 'down_again';
      // Released, but the edge is still on its way: it knows how long the button was down.
      if (isDown && this.#line.level() === 0) this.#wake(EDGE_DUE_MS);
      else this.#take('time', this.#clock.monoMs());
    });
  }
}
