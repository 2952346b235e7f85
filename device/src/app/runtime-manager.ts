import assert from 'node:assert/strict';
import { type Component, FeederError, type Milliseconds } from '@cat-feeder/shared';
import { type Clock, sleep } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { nextServiceState, type ServiceEvent, type ServiceState } from './service-state.ts';

/** How a running part finds itself. */
export type ServiceCondition =
  | { readonly state: 'ok' }
  | { readonly state: 'degraded' | 'failed'; readonly why: string };

/** A part with a life: constructed at the root, started and stopped by the `RuntimeManager`. */
export interface Service {
  /** Resolves when the part is of use. It may be aborted; `stop` is called after a failure, too. */
  start?(signal: AbortSignal): Promise<void> | void;
  /** Gives everything back. Must work after a `start` that failed half-way. */
  stop?(): Promise<void> | void;
  condition?(): ServiceCondition;
}

export interface ServiceOptions {
  /** Parts added before, without which this one cannot start. */
  readonly needs?: readonly string[];
  /** Whether the feeder is of no use without it. Otherwise its failure only degrades the feeder. */
  readonly critical?: boolean;
  /** How long its stop may take; a running feeding must settle and be weighed. */
  readonly stopLimitMs?: Milliseconds;
}

/** A part that did not stop as it should. */
export interface StopProblem {
  readonly name: string;
  readonly why: string;
}

const START_LIMIT_MS: Milliseconds = 30_000;
const STOP_LIMIT_MS: Milliseconds = 2_000;

interface Entry {
  readonly name: string;
  readonly service: Service;
  readonly needs: readonly string[];
  readonly critical: boolean;
  readonly stopLimitMs: Milliseconds;
  state: ServiceState;
  why: string;
}

/**
 * Knows every part of one program, at its composition root only: parts are handed to each other
 * there by constructor, never looked up here. Starts them in the order in which they were added,
 * stops them in reverse, and says how each one is.
 */
export class RuntimeManager {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #startLimitMs: Milliseconds;
  readonly #stopLimitMs: Milliseconds;
  readonly #entries: Entry[] = [];
  readonly #problems: StopProblem[] = [];
  #running = new AsyncDisposableStack();
  #stopping: Promise<readonly StopProblem[]> | undefined;

  /** The limits are for one part each. */
  constructor(options: {
    clock: Clock;
    log: Logger;
    startLimitMs?: Milliseconds;
    stopLimitMs?: Milliseconds;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#startLimitMs = options.startLimitMs ?? START_LIMIT_MS;
    this.#stopLimitMs = options.stopLimitMs ?? STOP_LIMIT_MS;
  }

  /** Adds a part behind those that it needs. Parts are critical unless they say otherwise. */
  add(name: string, service: Service, options: ServiceOptions = {}): this {
    const { needs = [], critical = true, stopLimitMs = this.#stopLimitMs } = options;
    assert(!this.#entries.some((entry) => entry.name === name), `${name} was added before`);
    for (const need of needs) {
      const other = this.#entries.find((entry) => entry.name === need);
      assert(other, `${name} needs ${need}, which was not added before it`);
      assert(other.critical || !critical, `${name} is critical but needs ${need}, which is not`);
    }
    const waiting = { state: 'waiting', why: '' } as const;
    this.#entries.push({ name, service, needs, critical, stopLimitMs, ...waiting });
    return this;
  }

  /**
   * Starts all parts in order. When a critical one fails, or the signal aborts, everything started
   * is stopped again, last first, and the reason is thrown.
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      for (const entry of this.#entries) {
        signal.throwIfAborted();
        await this.#startOne(entry, signal);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops what runs, last started first, each within its limit. Never rejects; once only. */
  stop(): Promise<readonly StopProblem[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** How every part is, in the order of starting. */
  health(): readonly Component[] {
    return this.#entries.map((entry) => ({ name: entry.name, ...this.#conditionOf(entry) }));
  }

  /** Whether the feeder can feed: every critical part runs and none says that it has failed. */
  isReady(): boolean {
    return this.#entries.every((entry) => {
      const { state } = this.#conditionOf(entry);
      return !entry.critical || state === 'ok' || state === 'degraded';
    });
  }

  async #startOne(entry: Entry, signal: AbortSignal): Promise<void> {
    const lacking = entry.needs.find((need) => this.#stateOf(need) !== 'running');
    if (lacking !== undefined) {
      this.#move(entry, 'skip', `${lacking} is not there`);
      return;
    }
    this.#move(entry, 'start');
    this.#running.defer(() => this.#stopOne(entry));
    try {
      await this.#limited(entry, signal);
      this.#move(entry, 'started');
    } catch (error) {
      const isAborted = signal.aborted;
      if (!isAborted) this.#move(entry, 'failed', sentenceOf(error));
      if (entry.critical || isAborted) throw error;
      this.#log.warn(
        { error, part: entry.name },
        'A part failed to start; the feeder does without.',
      );
    }
  }

  /** Runs `start` against its time limit and against the signal. */
  async #limited(entry: Entry, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const limit = AbortSignal.any([signal, ended.signal]);
    const started = (async () => entry.service.start?.(signal))();
    const late = sleep(this.#clock, `start of ${entry.name}`, this.#startLimitMs, limit).then(
      () => {
        throw new FeederError('ERR_UNAVAILABLE', {
          message: `${entry.name} did not start within ${this.#startLimitMs} ms.`,
        });
      },
    );
    try {
      await Promise.race([started, late]);
    } finally {
      ended.abort(new FeederError('ERR_UNAVAILABLE', { message: 'The wait is over.' }));
      late.catch(ignoreLoser);
      started.catch(ignoreLoser);
    }
  }

  async #stopAll(): Promise<readonly StopProblem[]> {
    await this.#running.disposeAsync();
    return this.#problems;
  }

  async #stopOne(entry: Entry): Promise<void> {
    this.#move(entry, 'stop');
    const ended = new AbortController();
    const stopped = (async () => {
      await entry.service.stop?.();
      return null;
    })();
    const { name, stopLimitMs } = entry;
    const late = sleep(this.#clock, `stop of ${name}`, stopLimitMs, ended.signal).then(
      () => `${name} did not stop within ${stopLimitMs} ms`,
    );
    const why = await Promise.race([stopped, late]).catch(sentenceOf);
    ended.abort(new FeederError('ERR_UNAVAILABLE', { message: 'The wait is over.' }));
    late.catch(ignoreLoser);
    stopped.catch(ignoreLoser);
    if (why === null) {
      this.#move(entry, 'stopped');
    } else {
      this.#move(entry, 'failed', why);
      this.#problems.push({ name: entry.name, why });
    }
  }

  #move(entry: Entry, event: ServiceEvent, why = ''): void {
    entry.state = nextServiceState(entry.state, event);
    if (why !== '') entry.why = why;
  }

  #stateOf(name: string): ServiceState | undefined {
    return this.#entries.find((entry) => entry.name === name)?.state;
  }

  #conditionOf(entry: Entry): Omit<Component, 'name'> {
    switch (entry.state) {
      case 'waiting':
      case 'starting':
        return { state: 'starting', why: '' };
      case 'stopping':
      case 'stopped':
        return { state: 'failed', why: 'stopped' };
      case 'failed':
        return { state: entry.critical ? 'failed' : 'degraded', why: entry.why };
      case 'running': {
        const condition = entry.service.condition?.() ?? { state: 'ok' };
        if (condition.state === 'ok') return { state: 'ok', why: '' };
        const isFatal = condition.state === 'failed' && entry.critical;
        return { state: isFatal ? 'failed' : 'degraded', why: condition.why };
      }
    }
  }
}

/** The race was decided; what the loser says later changes nothing and is in nobody's way. */
function ignoreLoser(): void {}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
