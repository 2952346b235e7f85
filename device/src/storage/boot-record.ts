import type { PowerStamp } from '../platform/clock.ts';
import type { EventLog } from './event-log.ts';
import type { StateStore } from './state-store.ts';
import type { Transactor } from './transactor.ts';

/** What is known of the daemon's starts. */
export interface BootCount {
  /** Starts so far, the present one included; 0 before the first. */
  readonly number: number;
  /** Whether the last end was an orderly stop. */
  readonly clean: boolean;
  /** When the last start that is noted began; missing or null: nobody knows. */
  readonly began?: PowerStamp | null;
}

export interface BootRecordOptions {
  readonly transactor: Transactor;
  readonly state: StateStore;
  readonly log: EventLog;
  /** Feedings that are open at the start. */
  readonly openFeedings: () => number;
}

/** Counts starts and says whether the last stop was an orderly one. */
export class BootRecord {
  readonly #options: BootRecordOptions;

  constructor(options: BootRecordOptions) {
    this.#options = options;
  }

  read(): BootCount {
    return this.#options.state.read<BootCount>('boot') ?? { number: 0, clean: true };
  }

  /** Once per start, before any feeding. Returns the boot's number and whether the last stop was clean. */
  started(version: string, began: PowerStamp | null = null): BootCount {
    const { transactor, state, log, openFeedings } = this.#options;
    const last = this.read();
    const bootNumber = last.number + 1;
    transactor.write('daemon.started', () => {
      state.write('boot', { number: bootNumber, clean: false, began });
      log.append('daemon.started', {
        version,
        bootNumber,
        clean: last.clean,
        openFeedings: openFeedings(),
      });
    });
    return { number: bootNumber, clean: last.clean };
  }

  /** The last write of an orderly stop. */
  stopped(reason: string): void {
    const { transactor, state, log } = this.#options;
    transactor.write('daemon.stopped', () => {
      state.write('boot', { ...this.read(), clean: true });
      log.append('daemon.stopped', { reason });
    });
  }
}
