import {
  type BowlReading,
  type Fault,
  FEEDING_MS_CEILING,
  FeederError,
  type HopperReading,
  type Milliseconds,
  type PartTest,
  type ScaleCalibration,
  SECOND_MS,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type {
  DispenseOrder,
  DispenseOutcome,
  DispenseProgress,
  FeedStation,
  HopperLevel,
  StationHealth,
  WeighResult,
} from '../../dispensing/feed-station.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { BoardFromMaker } from './serve-station.ts';
import type { StationCells } from './station-cells.ts';
import {
  fromFailure,
  type StationLine,
  type StationReply,
  StationReplySchema,
} from './station-messages.ts';
import type { PartProblem } from './wired-board.ts';

/** How often the main thread says that it lives while the motor may turn. */
export const HEARTBEAT_MS: Milliseconds = 500;
/** The loop answers by itself within the ceiling of a feeding; this much later it is lost. */
const ANSWER_SLACK_MS: Milliseconds = 10 * SECOND_MS;
const READY_LIMIT_MS: Milliseconds = 10 * SECOND_MS;
const CLOSE_LIMIT_MS: Milliseconds = SECOND_MS;
/** Every part looks two seconds long at most. */
const SELF_TEST_MS_MAX: Milliseconds = 2 * SECOND_MS;
/** Calls that wait for the loop at the same time. */
const CALLS_MAX = 16;

/** The thread behind the line. */
export interface StationThread extends StationLine {
  /** Ends it; no code of it runs afterwards. */
  terminate(): void;
  /** It has ended by itself, or failed. */
  onEnd(listener: (reason: string) => void): void;
}

interface Call {
  readonly resolve: (answer: StationReply) => void;
  readonly reject: (error: FeederError) => void;
  readonly cancelLimit: Cancel;
}

type ReadingListener = (reading: BowlReading, hopper: HopperReading) => void;

/**
 * The control loop in its own thread, as the main thread sees it. While a run lasts, a heartbeat
 * keeps the motor's permission alive: a main thread that hangs loses it after two seconds. At rest
 * nothing wakes either side for the other's sake; health is read from shared memory.
 */
export class WorkerStation implements FeedStation {
  readonly #thread: StationThread;
  readonly #cells: StationCells;
  readonly #clock: Clock;
  readonly #onBeat: () => void;
  readonly #onLost: (error: FeederError) => void;
  readonly #calls = new Map<number, Call>();
  readonly #listeners = new Set<ReadingListener>();
  readonly #faultListeners = new Set<(fault: Fault) => void>();
  #lastCall = 0;
  #onProgress: ((progress: DispenseProgress) => void) | null = null;
  #cancelBeat: Cancel | undefined;
  readonly #ready: PromiseWithResolvers<BoardFromMaker> = Promise.withResolvers();
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #problems: readonly PartProblem[] = [];
  readonly #onProblem: (problem: PartProblem) => void;
  /** Parts whose problem was told, by name. */
  readonly #toldParts = new Set<string>();
  #state: 'starting' | 'open' | 'closing' | 'closed' | 'lost' = 'starting';

  /**
   * `onLost` is told once when the thread ends unasked; `onBeat` with every heartbeat; `onProblem`
   * of the first problem of each part, however often it comes and goes.
   */
  constructor(options: {
    thread: StationThread;
    cells: StationCells;
    clock: Clock;
    onLost: (error: FeederError) => void;
    onBeat?: () => void;
    onProblem?: (problem: PartProblem) => void;
  }) {
    this.#thread = options.thread;
    this.#cells = options.cells;
    this.#clock = options.clock;
    this.#onBeat = options.onBeat ?? (() => {});
    this.#onLost = options.onLost;
    this.#onProblem = options.onProblem ?? (() => {});
    this.#thread.onMessage((message) => this.#receive(message));
    this.#thread.onEnd((reason) => this.#ended(reason));
    this.#ready.promise.catch(() => {});
  }

  /** The board, once the loop runs; rejects with what kept it from starting. */
  async ready(): Promise<BoardFromMaker> {
    const cancel = this.#clock.after('station ready', READY_LIMIT_MS, () =>
      this.lose(`gave no sign of life within ${READY_LIMIT_MS} ms of its start`),
    );
    try {
      return await this.#ready.promise;
    } finally {
      cancel();
    }
  }

  async dispense(
    order: DispenseOrder,
    onProgress: (progress: DispenseProgress) => void,
  ): Promise<DispenseOutcome> {
    if (this.#onProgress !== null) throw new FeederError('ERR_BUSY');
    this.#onProgress = onProgress;
    this.#beat();
    try {
      const answer = await this.#call(FEEDING_MS_CEILING, (call) =>
        this.#thread.post({ kind: 'dispense', call, order }),
      );
      if (answer.kind !== 'outcome') throw unexpected(answer);
      return answer.outcome;
    } finally {
      this.#onProgress = null;
      this.#cancelBeat?.();
      this.#cancelBeat = undefined;
    }
  }

  cancel(fault?: Fault): void {
    this.#thread.post({ kind: 'cancel', fault: fault ?? null });
  }

  async weigh(timeoutMs: Milliseconds): Promise<WeighResult> {
    const answer = await this.#call(timeoutMs, (call) =>
      this.#thread.post({ kind: 'weigh', call, timeoutMs }),
    );
    if (answer.kind !== 'weighed') throw unexpected(answer);
    return answer.result;
  }

  async weighHopper(timeoutMs: Milliseconds): Promise<HopperLevel> {
    const answer = await this.#call(timeoutMs, (call) =>
      this.#thread.post({ kind: 'weigh-hopper', call, timeoutMs }),
    );
    if (answer.kind !== 'hopper-weighed') throw unexpected(answer);
    return answer.level;
  }

  onReading(listener: ReadingListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#thread.post({ kind: 'readings', wanted: true });
    return () => {
      const wasThere = this.#listeners.delete(listener);
      if (wasThere && this.#listeners.size === 0) {
        this.#thread.post({ kind: 'readings', wanted: false });
      }
    };
  }

  onFault(listener: (fault: Fault) => void): () => void {
    this.#faultListeners.add(listener);
    return () => {
      this.#faultListeners.delete(listener);
    };
  }

  setCalibration(calibration: ScaleCalibration): void {
    this.#thread.post({ kind: 'calibrate', calibration });
  }

  setHopperCalibration(calibration: ScaleCalibration | null): void {
    this.#thread.post({ kind: 'calibrate-hopper', calibration });
  }

  health(): StationHealth {
    const health = this.#cells.readHealth(this.#clock.monoMs());
    return this.#state === 'lost'
      ? { ...health, motorOn: false, fault: 'controller_lost' }
      : health;
  }

  /** What is wrong with which part of the dispenser, as it was last told; empty when all is well. */
  partProblems(): readonly PartProblem[] {
    return this.#problems;
  }

  /** What each part of the dispenser finds out about itself; nothing turns. */
  async selfTest(): Promise<PartTest[]> {
    const answer = await this.#call(SELF_TEST_MS_MAX, (call) =>
      this.#thread.post({ kind: 'self-test', call }),
    );
    if (answer.kind !== 'self-tested') throw unexpected(answer);
    return answer.parts;
  }

  /** Takes the motor's permission back for good: synchronous, from any state, never throws. */
  motorOff(): void {
    this.#cells.revoke();
  }

  /** Gives the loop up: the thread is ended, the motor stands, whoever waits is told. */
  lose(why: string): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#state = 'lost';
    this.motorOff();
    this.#thread.terminate();
    const error = new FeederError('ERR_CONTROLLER_LOST', { message: `The control loop ${why}.` });
    this.#rejectAll(error);
    this.#ready.reject(error);
    this.#closed.resolve();
    this.#onLost(error);
  }

  async close(): Promise<void> {
    let cancel: Cancel = () => {};
    if (this.#state === 'open' || this.#state === 'starting') {
      this.#state = 'closing';
      this.#thread.post({ kind: 'close' });
      cancel = this.#clock.after('station close', CLOSE_LIMIT_MS, () => this.#finish());
    }
    await this.#closed.promise;
    cancel();
  }

  #beat(): void {
    this.#cells.beat(this.#clock.monoMs());
    this.#onBeat();
    this.#cancelBeat = this.#clock.after('station heartbeat', HEARTBEAT_MS, () => this.#beat());
  }

  async #call(limitMs: Milliseconds, send: (call: number) => void): Promise<StationReply> {
    if (this.#state !== 'open') {
      throw new FeederError(this.#state === 'lost' ? 'ERR_CONTROLLER_LOST' : 'ERR_UNAVAILABLE');
    }
    if (this.#calls.size >= CALLS_MAX) throw new FeederError('ERR_BUSY');
    const call = ++this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<StationReply>();
    const cancelLimit = this.#clock.after('station answer', limitMs + ANSWER_SLACK_MS, () =>
      this.lose(`gave no answer within ${limitMs + ANSWER_SLACK_MS} ms`),
    );
    this.#calls.set(call, { resolve, reject, cancelLimit });
    send(call);
    return promise;
  }

  #receive(message: unknown): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    const parsed = v.safeParse(StationReplySchema, message);
    if (!parsed.success) {
      this.lose(`said what cannot be understood: ${parsed.issues[0].message}`);
      return;
    }
    this.#take(parsed.output);
  }

  #take(reply: StationReply): void {
    switch (reply.kind) {
      case 'ready':
        if (this.#state === 'starting') this.#state = 'open';
        this.#ready.resolve(reply);
        break;
      case 'start-failed':
        this.#ready.reject(fromFailure(reply.failure));
        this.#finish();
        break;
      case 'progress':
        this.#onProgress?.(reply.progress);
        break;
      case 'outcome':
      case 'weighed':
      case 'hopper-weighed':
      case 'self-tested':
        this.#settle(reply.call)?.resolve(reply);
        break;
      case 'call-failed':
        this.#settle(reply.call)?.reject(fromFailure(reply.failure));
        break;
      case 'reading':
        for (const listener of this.#listeners) listener(reply.reading, reply.hopper);
        break;
      case 'fault':
        for (const listener of this.#faultListeners) listener(reply.fault);
        break;
      case 'parts':
        this.#noteProblems(reply.problems);
        break;
      case 'closed':
        this.#finish();
        break;
    }
  }

  #noteProblems(problems: readonly PartProblem[]): void {
    this.#problems = problems;
    for (const problem of problems) {
      if (this.#toldParts.has(problem.part)) continue;
      this.#toldParts.add(problem.part);
      this.#onProblem(problem);
    }
  }

  #settle(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.cancelLimit();
    return call;
  }

  #ended(reason: string): void {
    if (this.#state === 'closing') this.#finish();
    else this.lose(`has ended: ${reason}`);
  }

  /** The end that was asked for, or a start that never was. */
  #finish(): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#state = 'closed';
    this.motorOff();
    this.#thread.terminate();
    const error = new FeederError('ERR_UNAVAILABLE', { message: 'The control loop was closed.' });
    this.#rejectAll(error);
    this.#ready.reject(error);
    this.#closed.resolve();
  }

  #rejectAll(error: FeederError): void {
    for (const id of [...this.#calls.keys()]) this.#settle(id)?.reject(error);
  }
}

function unexpected(answer: StationReply): FeederError {
  return new FeederError('ERR_CONTROLLER_LOST', {
    message: `The control loop answered with ${answer.kind}.`,
  });
}
