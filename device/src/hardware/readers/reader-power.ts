import { HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { PetReader } from '../../pets/pet-reader.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { OutputLine } from '../io/lines.ts';

const LOOK_EVERY_MS: Milliseconds = 30_000;
/** Long enough for the capacitors of a reader to run empty. */
const OFF_MS: Milliseconds = 3000;
/** Between two cycles in one silence; doubled each time. */
const WAIT_MS_MIN: Milliseconds = MINUTE_MS;
const WAIT_MS_MAX: Milliseconds = HOUR_MS;
/** So many cycles without any sign of life: then it is for a person, and the reader stays on. */
export const CYCLES_MAX = 8;
/** A reader that only talks may have nothing to say for long; one cycle then costs nobody anything. */
export const QUIET_MS: Milliseconds = 6 * HOUR_MS;

/**
 * Switches a reader off and on again when it has fallen silent: some hang until they lose their
 * supply. It owns the line, which is on whenever no cycle runs.
 */
export class ReaderPower {
  readonly #reader: Pick<PetReader, 'health' | 'counts'>;
  readonly #line: OutputLine;
  readonly #clock: Clock;
  #cycles = 0;
  #nextAtMs: Milliseconds;
  #framesSeen = 0;
  #cancel: Cancel = () => {};
  #isClosed = false;

  /** The line is on already. */
  constructor(parts: {
    readonly reader: Pick<PetReader, 'health' | 'counts'>;
    readonly line: OutputLine;
    readonly clock: Clock;
  }) {
    this.#reader = parts.reader;
    this.#line = parts.line;
    this.#clock = parts.clock;
    this.#nextAtMs = this.#clock.monoMs() + QUIET_MS;
    this.#await();
  }

  /** Leaves the reader without power, as everything else. Idempotent, never throws. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#line.close();
  }

  #await(): void {
    this.#cancel = this.#clock.after('reader power', LOOK_EVERY_MS, () => {
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#clock.monoMs();
    const { frames } = this.#reader.counts();
    const { state } = this.#reader.health();
    if (frames !== this.#framesSeen) {
      this.#framesSeen = frames;
      this.#cycles = 0;
      this.#nextAtMs = nowMs + QUIET_MS;
    }
    const isHanging = state === 'silent' || state === 'stuck';
    const waitMs = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** this.#cycles);
    if (isHanging) this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + waitMs);
    if (nowMs < this.#nextAtMs || this.#cycles >= CYCLES_MAX) this.#await();
    else this.#turnOff(isHanging ? waitMs * 2 : QUIET_MS);
  }

  #turnOff(waitMs: Milliseconds): void {
    this.#cycles += 1;
    if (!this.#set(0)) return;
    this.#cancel = this.#clock.after('reader power', OFF_MS, () => {
      if (!this.#set(1)) return;
      this.#nextAtMs = this.#clock.monoMs() + waitMs;
      this.#await();
    });
  }

  /** False: the line is lost with its chip. Then nobody can switch any more. */
  #set(level: 0 | 1): boolean {
    try {
      this.#line.set(level);
      return true;
    } catch {
      this.close();
      return false;
    }
  }
}
