import type { Milliseconds } from '@cat-feeder/shared';
import type { Clock } from '../../platform/clock.ts';
import type { CellReading } from '../../weighing/cell-source.ts';

/** Readings at rest are told together when the oldest is this old. */
const REST_BATCH_MS: Milliseconds = 1100;
/** More than come in that time from any converter; the bound of what waits. */
const BATCH_MAX = 128;

/** The way out of a cell: readings in order of time, in batches at rest and at once while dispensing. */
export class CellOutlet {
  readonly #clock: Clock;
  #listener: (batch: readonly CellReading[]) => void = () => {};
  #waiting: CellReading[] = [];
  #mode: 'rest' | 'dispense' = 'rest';
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #onNext = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mode(): 'rest' | 'dispense' {
    return this.#mode;
  }

  onReadings(listener: (batch: readonly CellReading[]) => void): void {
    this.#listener = listener;
  }

  setMode(mode: 'rest' | 'dispense'): void {
    this.#mode = mode;
    this.flush();
  }

  /** Readings that are not newer than the last are left out: time never goes back for the listener. */
  give(readings: readonly CellReading[]): void {
    if (this.#isClosed) return;
    for (const reading of readings) {
      if (reading.atMs <= this.#lastAtMs) continue;
      this.#lastAtMs = reading.atMs;
      this.#waiting.push(reading);
      if (reading.counts !== null) this.#tellNext();
      if (this.#isDue(reading)) this.flush();
    }
  }

  /** Tells what waits: for converters that make their batches themselves. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#listener(batch);
  }

  /** Whether a reading with a value comes within so long. */
  comes(withinMs: Milliseconds): Promise<boolean> {
    return new Promise((resolve) => {
      const onNext = () => {
        cancel();
        this.#onNext.delete(onNext);
        resolve(true);
      };
      const cancel = this.#clock.after('cell reading', withinMs, () => {
        this.#onNext.delete(onNext);
        resolve(false);
      });
      this.#onNext.add(onNext);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  #isDue({ counts, atMs }: CellReading): boolean {
    if (this.#mode === 'dispense' || counts === null) return true;
    const oldestMs = this.#waiting[0]?.atMs ?? atMs;
    return atMs - oldestMs >= REST_BATCH_MS || this.#waiting.length >= BATCH_MAX;
  }

  #tellNext(): void {
    for (const onNext of [...this.#onNext]) onNext();
  }
}
