import type { Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Contact, ContactState } from '../../platform/contact.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { InputLine, LineEdge, LineSource } from '../io/lines.ts';
import { BabbleWatch, CALM_MS } from './babble-watch.ts';

const DEBOUNCE_MS: Milliseconds = 20;

/** A switch on an input line. The kernel debounces it and its pull-up is set with the request. */
export class LineContact implements Contact {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #line: InputLine;
  readonly #babble: BabbleWatch;
  #state: ContactState;
  #lost: string | null = null;
  #isClosed = false;
  #cancelCalm: Cancel = () => {};
  #listener: (state: ContactState) => void = () => {};

  /**
   * `name` is for people: `lid`. A switch to ground closes low, so `closedLevel` is 0 for a plain
   * one. Throws what the source throws when the line cannot be had.
   */
  constructor(parts: {
    readonly name: string;
    readonly lines: LineSource;
    readonly clock: Clock;
    readonly pin: number;
    readonly closedLevel: 0 | 1;
  }) {
    this.#name = parts.name;
    this.#clock = parts.clock;
    this.#babble = new BabbleWatch();
    this.#line = parts.lines.input({
      pin: parts.pin,
      activeLow: parts.closedLevel === 0,
      bias: parts.closedLevel === 0 ? 'up' : 'down',
      debounceMs: DEBOUNCE_MS,
    });
    this.#state = { isClosed: this.#line.level() === 1, sinceMs: this.#clock.monoMs() };
    this.#line.onEdge((edge) => this.#take(edge));
    this.#line.onLost((cause) => this.#lose(cause));
  }

  state(): ContactState {
    return this.#isBabbling() ? { ...this.#state, isClosed: null } : this.#state;
  }

  onChange(listener: (state: ContactState) => void): void {
    this.#listener = listener;
  }

  selfTest(): Promise<PartCheck> {
    const { isClosed } = this.state();
    const found = isClosed === null ? 'unknown' : isClosed ? 'closed' : 'open';
    const fix = `Check plug and cable of the ${this.#name} switch.`;
    return Promise.resolve(checkOf(this.health(), `the ${this.#name} switch is ${found}`, fix));
  }

  health(): PartHealth {
    if (this.#lost !== null) return { state: 'unplugged', why: this.#lost };
    if (!this.#isBabbling()) return healthy;
    return {
      state: 'babbling',
      why: `The ${this.#name} switch changes all the time; its cable is loose or catches the motor.`,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelCalm();
    this.#line.close();
  }

  #take(edge: LineEdge): void {
    this.#babble.note(edge.atMs);
    const isClosed = edge.level === 1;
    if (isClosed === this.#state.isClosed) return;
    this.#tell({ isClosed, sinceMs: edge.atMs });
    this.#cancelCalm();
    if (this.#isBabbling()) this.#awaitCalm();
  }

  /** A lid that was left open in the midst of the babble is told as soon as it can be believed. */
  #awaitCalm(): void {
    this.#cancelCalm = this.#clock.after('switch calm', CALM_MS, () => {
      if (this.#isBabbling()) this.#awaitCalm();
      else this.#tell(this.#state);
    });
  }

  #lose(cause: Error): void {
    this.#lost = `The line of the ${this.#name} switch is lost: ${reasonOf(cause)}`;
    this.#cancelCalm();
    this.#tell({ isClosed: null, sinceMs: this.#clock.monoMs() });
  }

  #tell(state: ContactState): void {
    this.#state = state;
    if (!this.#isClosed) this.#listener(this.state());
  }

  #isBabbling(): boolean {
    return this.#babble.isBabbling(this.#clock.monoMs());
  }
}
