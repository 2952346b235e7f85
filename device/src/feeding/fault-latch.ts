import { type Fault, FeederError, type FeedingResult, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type ActiveFault, type FaultStore, faultEffects } from './fault-effects.ts';

/** What the disk refused is tried again after this long, and then ever more rarely. */
const RETRY_FIRST_MS: Milliseconds = 1000;
const RETRY_MOST_MS: Milliseconds = 60_000;

/** What the disk has not taken yet: the fault, or null when it went because a feeding succeeded. */
type Unwritten = ActiveFault | null;

/**
 * The faults that are shown now. A fault of the effect `off` stays, over restarts, until a person
 * clears it; a fault of the effect `retry` goes when a feeding succeeds or a person clears it.
 * When the disk refuses, the fault still holds in memory: forgetting it would be the unsafe side.
 * It is written as soon as the disk takes it, so that it outlives a kill, too.
 */
export class FaultLatch {
  readonly #store: FaultStore;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #active = new Map<Fault, ActiveFault>();
  /** At most one for each kind of fault: the newest is what counts. */
  readonly #unwritten = new Map<Fault, Unwritten>();
  #retry: Cancel | null = null;
  #delayMs = RETRY_FIRST_MS;

  constructor(parts: { store: FaultStore; clock: Clock; logger: Logger; onChange: () => void }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
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
    this.#keep(fault.fault, fault);
    this.#onChange();
  }

  /** Takes the fault away. `ERR_NOT_FOUND` when it is not active, `ERR_STORAGE` when it stays. */
  clear(fault: Fault, by: string): void {
    if (!this.#active.has(fault)) throw new FeederError('ERR_NOT_FOUND');
    this.#writeOwed(fault);
    this.#store.clear(fault, by);
    this.#active.delete(fault);
    this.#onChange();
  }

  /** Tries once more what waits; nothing is tried again afterwards. */
  close(): void {
    this.#flush();
    this.#retry?.();
    this.#retry = null;
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
      this.#active.delete(fault);
      this.#keep(fault, null);
    }
    this.#onChange();
  }

  #keep(fault: Fault, change: Unwritten): void {
    const owed = this.#unwritten.get(fault);
    // Raised and gone, or gone and raised again, before the disk heard of it.
    if (owed !== undefined && (owed === null) !== (change === null)) this.#unwritten.delete(fault);
    else this.#unwritten.set(fault, change);
    this.#flush();
  }

  /** Writes what waits; what the disk refuses is tried again later. */
  #flush(): void {
    try {
      for (const fault of [...this.#unwritten.keys()]) this.#writeOwed(fault);
      this.#delayMs = RETRY_FIRST_MS;
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      const waiting = [...this.#unwritten.keys()];
      this.#logger.error({ code: error.code, waiting }, 'A fault waits for the disk.');
      this.#retryLater();
    }
  }

  /** Throws `ERR_STORAGE` when the disk refuses. */
  #writeOwed(fault: Fault): void {
    const owed = this.#unwritten.get(fault);
    if (owed === undefined) return;
    if (owed === null) this.#store.clear(fault, 'a feeding succeeded');
    else this.#store.raise(owed);
    this.#unwritten.delete(fault);
  }

  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = this.#clock.after('write faults', this.#delayMs, () => {
      this.#retry = null;
      this.#delayMs = Math.min(this.#delayMs * 2, RETRY_MOST_MS);
      this.#flush();
    });
  }
}
