import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Indicator, IndicatorMeaning } from '../../platform/indicator.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { LineSource, OutputLine } from '../io/lines.ts';
import { lightPatterns } from './light-patterns.ts';

/** A light on an output line, blinked by this program. Dark when the program dies. */
export class LineLed implements Indicator {
  readonly #clock: Clock;
  readonly #line: OutputLine;
  #meaning: IndicatorMeaning = 'off';
  #health: PartHealth = healthy;
  #cancel: Cancel = () => {};
  #isClosed = false;

  /** Throws what the source throws when the line cannot be had. */
  constructor(parts: {
    readonly lines: LineSource;
    readonly clock: Clock;
    readonly pin: number;
    readonly activeLow?: boolean;
  }) {
    this.#clock = parts.clock;
    this.#line = parts.lines.output({ pin: parts.pin, activeLow: parts.activeLow ?? false });
  }

  show(meaning: IndicatorMeaning): void {
    if (this.#isClosed || meaning === this.#meaning) return;
    this.#meaning = meaning;
    this.#cancel();
    this.#blink(lightPatterns[meaning].onMs > 0 ? 1 : 0);
  }

  selfTest(): Promise<PartCheck> {
    return Promise.resolve(
      checkOf(this.#health, 'the light is wired to a line', 'Check the pin of the light.'),
    );
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#line.close();
  }

  #blink(level: 0 | 1): void {
    const { onMs, offMs } = lightPatterns[this.#meaning];
    try {
      this.#line.set(level);
    } catch (error) {
      const reason = reasonOf(error);
      this.#health = { state: 'unplugged', why: `The line of the light is lost: ${reason}` };
      return;
    }
    this.#health = healthy;
    if (onMs === 0 || offMs === 0) return;
    this.#cancel = this.#clock.after('light', level === 1 ? onMs : offMs, () =>
      this.#blink(level === 1 ? 0 : 1),
    );
  }
}
