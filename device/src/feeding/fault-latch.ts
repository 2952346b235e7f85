import { type Fault, FeederError, type FeedingResult } from '@cat-feeder/shared';
import type { Logger } from '../platform/logger.ts';
import { type ActiveFault, type FaultStore, faultEffects } from './fault-effects.ts';

/**
 * The faults that are shown now. A fault of the effect `off` stays, over restarts, until a person
 * clears it; a fault of the effect `retry` goes when a feeding succeeds or a person clears it.
 * When the disk refuses, the fault still holds in memory: forgetting it would be the unsafe side.
 */
export class FaultLatch {
  readonly #store: FaultStore;
  readonly #logger: Logger;
  readonly #onChange: () => void;
  readonly #active = new Map<Fault, ActiveFault>();

  constructor(parts: { store: FaultStore; logger: Logger; onChange: () => void }) {
    this.#store = parts.store;
    this.#logger = parts.logger;
    this.#onChange = parts.onChange;
    for (const fault of parts.store.active()) this.#active.set(fault.fault, fault);
  }

  active(): readonly ActiveFault[] {
    return [...this.#active.values()];
  }

  raise(fault: ActiveFault): void {
    if (this.#active.has(fault.fault)) return;
    this.#active.set(fault.fault, fault);
    this.#keep(() => this.#store.raise(fault), fault.fault);
    this.#onChange();
  }

  /** Takes the fault away. `ERR_NOT_FOUND` when it is not active, `ERR_STORAGE` when it stays. */
  clear(fault: Fault, by: string): void {
    if (!this.#active.has(fault)) throw new FeederError('ERR_NOT_FOUND');
    this.#store.clear(fault, by);
    this.#active.delete(fault);
    this.#onChange();
  }

  /** What one feeding showed: it raises its fault, and success proves the retried ones gone. */
  afterFeeding(end: {
    feedingId: string;
    result: FeedingResult;
    fault: Fault | null;
    atMs: number;
    why: string;
  }): void {
    if (end.fault !== null) {
      const { feedingId, fault, atMs, why } = end;
      this.raise({ fault, feedingId, sinceMs: atMs, why });
    }
    if (end.result !== 'served') return;
    for (const { fault } of this.active()) {
      if (fault === end.fault || faultEffects[fault] === 'off') continue;
      this.#keep(() => this.#store.clear(fault, 'a feeding succeeded'), fault);
      this.#active.delete(fault);
    }
    this.#onChange();
  }

  #keep(write: () => void, fault: Fault): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#logger.error(
        { code: error.code, fault },
        'A fault could not be written; it holds in memory.',
      );
    }
  }
}
