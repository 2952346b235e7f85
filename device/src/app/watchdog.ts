import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { ServiceNotify } from '../platform/service-notify.ts';
import type { Service, ServiceCondition } from './runtime-manager.ts';

/*
 * Does the control loop live?
 *
 *   trusting --silent too long--> doubting --still silent after CONFIRM_MS--> lost (told once)
 *       ^----------any sign of life---/
 *
 * I1 The service manager hears of us only while the loop is fresh: never in doubting or lost.
 * I2 The doubt outlasts a stop of the whole machine, after which both clocks look old at once.
 */

/** Also the pace of the signs of life; WatchdogSec in systemd/cat-feeder.service outlasts two of them. */
export const WATCHDOG_PACE_MS: Milliseconds = 8_000;
const CONFIRM_MS: Milliseconds = 500;

/** Feeds the service manager's watchdog from the control loop's signs of life. */
export class Watchdog implements Service {
  readonly #clock: Clock;
  readonly #notify: ServiceNotify;
  readonly #loopAgeMs: () => Milliseconds;
  readonly #silenceMsMax: Milliseconds;
  readonly #onLost: (error: FeederError) => void;
  #state: 'trusting' | 'doubting' | 'lost' = 'trusting';
  #cancel: Cancel | undefined;

  /** `onLost` is called once, when the loop has been silent for longer than `silenceMsMax`. */
  constructor(options: {
    clock: Clock;
    notify: ServiceNotify;
    loopAgeMs: () => Milliseconds;
    silenceMsMax: Milliseconds;
    onLost: (error: FeederError) => void;
  }) {
    this.#clock = options.clock;
    this.#notify = options.notify;
    this.#loopAgeMs = options.loopAgeMs;
    this.#silenceMsMax = options.silenceMsMax;
    this.#onLost = options.onLost;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The feeder feeds without a service manager, but nobody would restart it when it hangs. */
  condition(): ServiceCondition {
    const { lost, problem } = this.#notify;
    if (problem !== null) return { state: 'degraded', why: problem };
    if (lost === 0) return { state: 'ok' };
    return { state: 'degraded', why: `the service manager did not take ${lost} messages` };
  }

  /** Looks now instead of at the next beat; the station asks for it while the motor may run. */
  look(): void {
    if (this.#cancel === undefined || this.#state !== 'trusting') return;
    if (this.#loopAgeMs() > this.#silenceMsMax) this.#look();
  }

  #look(): void {
    this.#cancel?.();
    const ageMs = this.#loopAgeMs();
    if (ageMs <= this.#silenceMsMax) {
      this.#state = 'trusting';
      this.#notify.alive();
      this.#again(WATCHDOG_PACE_MS);
    } else if (this.#state === 'trusting') {
      this.#state = 'doubting';
      this.#again(CONFIRM_MS);
    } else {
      this.#state = 'lost';
      this.#cancel = undefined;
      this.#onLost(
        new FeederError('ERR_CONTROLLER_LOST', {
          message: `The control loop has been silent for ${Math.round(ageMs)} ms.`,
        }),
      );
    }
  }

  #again(delayMs: Milliseconds): void {
    this.#cancel = this.#clock.after('watchdog', delayMs, () => this.#look());
  }
}
