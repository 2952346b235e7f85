import type { Cancel, Clock } from '../../platform/clock.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { Sounder, SounderMeaning } from '../../platform/sounder.ts';
import type { LineSource } from '../io/lines.ts';
import { sounds } from './sounds.ts';

/** What makes a tone. Throws when it cannot. */
export interface ToneOutput {
  /** 0 is silence. */
  tone(hz: number): void;
  /** Silent and given up. Idempotent, never throws. */
  close(): void;
}

/** A buzzer on whatever makes a tone. */
export class ToneSounder implements Sounder {
  readonly #clock: Clock;
  readonly #output: ToneOutput;
  #health: PartHealth = healthy;
  #cancel: Cancel = () => {};
  #isClosed = false;

  constructor(parts: { readonly clock: Clock; readonly output: ToneOutput }) {
    this.#clock = parts.clock;
    this.#output = parts.output;
  }

  play(meaning: SounderMeaning): void {
    if (this.#isClosed) return;
    this.#cancel();
    this.#playFrom(meaning, 0);
  }

  hush(): void {
    if (this.#isClosed) return;
    this.#cancel();
    this.#set(0);
  }

  selfTest(): Promise<PartCheck> {
    this.hush();
    const fix = 'Check the pin of the buzzer, and dtoverlay=pwm-2chan when it is on a PWM pin.';
    return Promise.resolve(checkOf(this.#health, 'the buzzer takes orders', fix));
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    if (this.#isClosed) return;
    this.hush();
    this.#isClosed = true;
    this.#output.close();
  }

  #playFrom(meaning: SounderMeaning, at: number): void {
    const tone = sounds[meaning][at];
    if (!this.#set(tone?.hz ?? 0) || tone === undefined) return;
    this.#cancel = this.#clock.after('tone', tone.forMs, () => this.#playFrom(meaning, at + 1));
  }

  /** False: nothing sounds, and the health says why. */
  #set(hz: number): boolean {
    try {
      this.#output.tone(hz);
      this.#health = healthy;
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      this.#health = { state: 'unplugged', why: `The buzzer cannot be reached: ${reason}` };
      return false;
    }
  }
}

/** A buzzer with its own oscillator on an output line: one tone, on or off. */
export function lineTone(parts: { readonly lines: LineSource; readonly pin: number }): ToneOutput {
  const line = parts.lines.output({ pin: parts.pin, activeLow: false });
  return { tone: (hz) => line.set(hz > 0 ? 1 : 0), close: () => line.close() };
}
