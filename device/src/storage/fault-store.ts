import type { Fault } from '@cat-feeder/shared';
import type { ActiveFault, FaultStore } from '../feeding/fault-effects.ts';
import type { EventLog } from './event-log.ts';
import type { StateStore } from './state-store.ts';

/** One transaction over several stores. */
export type WriteTogether = <T>(name: string, work: () => T) => T;

/** Latched faults in one small row, each change with its ledger entry in one transaction. */
export class SqliteFaultStore implements FaultStore {
  readonly #state: StateStore;
  readonly #log: EventLog;
  readonly #write: WriteTogether;

  constructor(parts: { state: StateStore; log: EventLog; write: WriteTogether }) {
    this.#state = parts.state;
    this.#log = parts.log;
    this.#write = parts.write;
  }

  active(): readonly ActiveFault[] {
    return this.#state.read<ActiveFault[]>('faults') ?? [];
  }

  raise(fault: ActiveFault): void {
    this.#write('fault.raised', () => {
      const others = this.active().filter((active) => active.fault !== fault.fault);
      this.#state.write('faults', [...others, fault]);
      const { feedingId, why } = fault;
      this.#log.append('fault.raised', { fault: fault.fault, feedingId, why: why.slice(0, 400) });
    });
  }

  clear(fault: Fault, by: string): void {
    this.#write('fault.cleared', () => {
      this.#state.write(
        'faults',
        this.active().filter((active) => active.fault !== fault),
      );
      this.#log.append('fault.cleared', { fault, by: by.slice(0, 400) });
    });
  }
}
