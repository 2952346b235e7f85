import type { Clock } from '../../../platform/clock.ts';
import type { Contact, ContactState } from '../../../platform/contact.ts';
import type { FrontButton, PressPattern } from '../../../platform/front-button.ts';
import type { Indicator, IndicatorMeaning } from '../../../platform/indicator.ts';
import type { Sounder, SounderMeaning } from '../../../platform/sounder.ts';
import { SimulatedPart } from './simulated-part.ts';

/** A lid or a bowl switch that somebody outside moves. */
export class SimulatedContact extends SimulatedPart implements Contact {
  readonly #clock: Clock;
  #state: ContactState;
  #listener: (state: ContactState) => void = () => {};

  constructor(parts: { readonly name: string; readonly clock: Clock; readonly isClosed: boolean }) {
    super(`${parts.name} switch`);
    this.#clock = parts.clock;
    this.#state = { isClosed: parts.isClosed, sinceMs: parts.clock.monoMs() };
  }

  state(): ContactState {
    return this.health().state === 'ok' ? this.#state : { ...this.#state, isClosed: null };
  }

  onChange(listener: (state: ContactState) => void): void {
    this.#listener = listener;
  }

  move(isClosed: boolean): void {
    if (this.isClosed || isClosed === this.#state.isClosed) return;
    this.#state = { isClosed, sinceMs: this.#clock.monoMs() };
    this.#listener(this.state());
  }
}

/** A button that is pressed by a call. */
export class SimulatedButton extends SimulatedPart implements FrontButton {
  #listener: (pattern: PressPattern) => void = () => {};

  constructor() {
    super('front button');
  }

  onPattern(listener: (pattern: PressPattern) => void): void {
    this.#listener = listener;
  }

  press(pattern: PressPattern): void {
    if (!this.isClosed) this.#listener(pattern);
  }
}

/** A light that remembers what it shows. */
export class SimulatedIndicator extends SimulatedPart implements Indicator {
  shown: IndicatorMeaning = 'off';

  constructor() {
    super('light');
  }

  show(meaning: IndicatorMeaning): void {
    if (!this.isClosed) this.shown = meaning;
  }

  override close(): void {
    this.shown = 'off';
    super.close();
  }
}

/** A buzzer that remembers the last sound. */
export class SimulatedSounder extends SimulatedPart implements Sounder {
  /** Null: silent. */
  playing: SounderMeaning | null = null;

  constructor() {
    super('buzzer');
  }

  play(meaning: SounderMeaning): void {
    if (!this.isClosed) this.playing = meaning;
  }

  hush(): void {
    this.playing = null;
  }

  override close(): void {
    this.hush();
    super.close();
  }
}
