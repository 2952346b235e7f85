import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type ExitCode, exitCodeFor, exitCodes } from './exit-codes.ts';

/*
 * The end of the daemon.
 *
 *   running --SIGTERM, SIGINT, SIGHUP--> stopping --all parts stopped--> exit 0
 *      |                                    |--second signal, 5 s passed--> exit 70
 *      \--uncaught error, lost loop---------\--uncaught error------------> exit 70 (or its own code)
 *
 * I1 On every arrow the motor is commanded off before anything else is done, logged or awaited.
 * I2 From the first arrow on the process ends within STOP_LIMIT_MS.
 */

/** All parts together; systemd waits longer (TimeoutStopSec). */
const STOP_LIMIT_MS: Milliseconds = 5_000;

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The part of Node's `process` that ends a program. */
export interface EndingProcess {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): void;
}

/** Turns the motor off and ends the process when anything calls for it. */
export class SafetyStop {
  readonly #process: EndingProcess;
  readonly #clock: Clock;
  readonly #log: Logger & { flush?(): void };
  readonly #ended = new AbortController();
  readonly #listeners: (readonly [string, (value: unknown) => void])[];
  #motorsOff: (() => void)[] = [];
  #stop: () => Promise<void> = async () => {};
  #cancelLimit: Cancel | undefined;

  /** Listens from the first moment on; what it stops is given later. */
  constructor(options: { process: EndingProcess; clock: Clock; log: Logger & { flush?(): void } }) {
    this.#process = options.process;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#listeners = [
      ['uncaughtException', (error) => this.fail(error)],
      ['unhandledRejection', (error) => this.fail(error)],
      ['exit', () => this.#motorOff()],
      ...signals.map((name) => [name, () => this.#onSignal(name)] as const),
    ];
    for (const [event, listener] of this.#listeners) this.#process.on(event, listener);
  }

  /** Aborted when the daemon is asked to end: for the start, and for every wait. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Registers a motor. `off` must be synchronous and must not throw. */
  guardMotor(off: () => void): void {
    this.#motorsOff.push(off);
  }

  /** Says how the parts are stopped in good order. It may be called at most once. */
  stopWith(stop: () => Promise<void>): void {
    this.#stop = stop;
  }

  /** The end after a failure that nobody caught, or that leaves the feeder without its loop. */
  fail(error: unknown): void {
    this.#motorOff();
    const code = exitCodeFor(error);
    this.#log.error(reasonOf(error, code), 'The daemon ends after a failure; the motor is off.');
    this.#exit(code);
  }

  /** The end in good order: motor off, parts stopped, exit 0; 70 when they do not stop in time. */
  end(reason: string): void {
    this.#motorOff();
    if (this.#ended.signal.aborted) {
      this.#log.warn({ reason }, 'Asked to end a second time: ending at once.');
      this.#exit(exitCodes.internal);
      return;
    }
    this.#ended.abort(new Error(`The daemon was asked to end: ${reason}`));
    this.#log.info({ reason }, 'The daemon ends; the motor is off.');
    this.#cancelLimit = this.#clock.after('stop limit', STOP_LIMIT_MS, () => {
      this.#log.error({ limitMs: STOP_LIMIT_MS }, 'The parts did not stop in time.');
      this.#exit(exitCodes.internal);
    });
    this.#stop().then(
      () => this.#exit(exitCodes.clean),
      (error: unknown) => this.fail(error),
    );
  }

  /** Stops listening; for tests and for a start that failed. */
  dispose(): void {
    this.#cancelLimit?.();
    for (const [event, listener] of this.#listeners) this.#process.off(event, listener);
  }

  #onSignal(name: string): void {
    this.end(name);
  }

  #motorOff(): void {
    for (const off of this.#motorsOff) off();
  }

  #exit(code: ExitCode): void {
    this.#cancelLimit?.();
    this.#log.flush?.();
    this.#process.exit(code);
  }
}

/** A failure with an exit code of its own was foreseen: its sentence says more than its stack. */
function reasonOf(error: unknown, code: ExitCode): object {
  if (code === exitCodes.internal || !(error instanceof FeederError)) return { error };
  const { cause } = error;
  return {
    code: error.code,
    reason: error.message,
    ...(error.details.length === 0 ? {} : { details: error.details }),
    ...(cause instanceof Error ? { cause: cause.message } : {}),
  };
}
