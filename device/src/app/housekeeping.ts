import { FeederError, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Service, ServiceCondition } from './runtime-manager.ts';

/** One job that must be done now and then, and may wait. */
export interface Chore {
  readonly name: string;
  readonly everyMs: Milliseconds;
  readonly run: () => void | Promise<void>;
}

/** How often it is looked which chore is due. */
const LOOK_EVERY_MS: Milliseconds = HOUR_MS;

interface ChoreState {
  readonly chore: Chore;
  lastMonoMs: Milliseconds | null;
  failure: string | null;
}

/**
 * Snapshots, retention and the like: one at a time, never while a feeding runs. A chore that
 * fails is tried again at the next look and shown as degraded until it succeeds.
 */
export class Housekeeping implements Service {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #isBusy: () => boolean;
  readonly #states: readonly ChoreState[];
  #cancel: Cancel | null = null;
  #isWorking = false;

  constructor(parts: {
    clock: Clock;
    logger: Logger;
    isBusy: () => boolean;
    chores: readonly Chore[];
  }) {
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#isBusy = parts.isBusy;
    this.#states = parts.chores.map((chore) => ({ chore, lastMonoMs: null, failure: null }));
  }

  start(): void {
    this.#cancel = this.#clock.after('housekeeping', LOOK_EVERY_MS, () => {
      this.start();
      void this.look();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  condition(): ServiceCondition {
    const failed = this.#states.find((state) => state.failure !== null);
    if (failed === undefined) return { state: 'ok' };
    return { state: 'degraded', why: `${failed.chore.name} failed: ${failed.failure}` };
  }

  /** Does what is due, one after the other. */
  async look(): Promise<void> {
    if (this.#isWorking || this.#isBusy()) return;
    this.#isWorking = true;
    try {
      for (const state of this.#states) if (this.#isDue(state)) await this.#run(state);
    } finally {
      this.#isWorking = false;
    }
  }

  #isDue({ chore, lastMonoMs }: ChoreState): boolean {
    return lastMonoMs === null || this.#clock.monoMs() - lastMonoMs >= chore.everyMs;
  }

  async #run(state: ChoreState): Promise<void> {
    try {
      await state.chore.run();
      state.lastMonoMs = this.#clock.monoMs();
      state.failure = null;
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      state.failure = error.message;
      this.#logger.error({ chore: state.chore.name, code: error.code }, 'A chore failed.');
    }
  }
}
