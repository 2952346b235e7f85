import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { DrivePart } from '../../dispensing/shaft-sensors.ts';
import { backOffMs, type Chance } from '../../platform/back-off.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { SerialLink } from '../io/serial-link.ts';
import type { TimedOutput } from '../io/timed-output.ts';
import { assertSlice } from './slice-check.ts';
import { Tmc2209Bus } from './tmc2209-bus.ts';
import {
  chopconf,
  driverTrouble,
  GCONF_UART,
  GSTAT_ALL,
  IOIN_ENN,
  iholdIrun,
  type Microsteps,
  registers,
  TMC2209_VERSION,
  vactualOf,
} from './tmc2209-frames.ts';

/** How often a turning motor is looked at. */
export const WATCH_MS: Milliseconds = 100;
/** The enable line is tried for so long at set-up, with the velocity at zero. */
const TRIAL_MS: Milliseconds = 250;

/** What an installer knows of motor and module. */
export interface Tmc2209Settings {
  /** 0 to 3. */
  readonly address: number;
  readonly fullStepsPerTurn: number;
  readonly microsteps: Microsteps;
  /** Motor turns for one turn of the output shaft. */
  readonly gearRatio: number;
  /** Turns per second of the output shaft at full speed. */
  readonly turnsPerSecond: number;
  /** In 1/32 of the module's full scale, 1 to 32. */
  readonly runCurrent32: number;
  readonly holdCurrent32: number;
  /** StallGuard threshold, 1 to 255; 0: no jam hints. */
  readonly stallThreshold: number;
}

/** What StallGuard says of a turning motor: a low value means a high load. Only a hint. */
export interface JamHint {
  /** 0 to 510. */
  readonly stallGuard: number;
  readonly isStalled: boolean;
  readonly atMs: Milliseconds;
}

export interface Tmc2209Parts {
  readonly link: SerialLink;
  /**
   * The line at the chip's pin ENN. The chip turns for ever at the velocity that it was told: only
   * this line ends a slice when the program cannot. Without one the drive refuses to be made.
   */
  readonly enable: TimedOutput | null;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly settings: Tmc2209Settings;
}

/*
 * A stepper whose driver makes its own steps.
 *
 *   away --link opens--> setting up --registers written, ENN proven--> ready
 *    ^                    |  ^                                         |
 *    |--- link closes ----+  |---- back-off ---- failed <-- no answer, reset, error
 *
 * I1 ENN is low only by `onFor` with what is left of a slice: the line's own deadline ends it.
 * I2 ENN is low only while the chip is known to hold the velocity of this slice (or zero, at set-up).
 * I3 Outside `ready` ENN stays high, but for the trial at set-up with the velocity at zero.
 * I4 After a slice, or a stop, the velocity goes back to zero: a second way to stand still.
 */

/** A TMC2209 over a serial link, with its enable line. */
export class Tmc2209Drive implements DrivePart {
  readonly #parts: Tmc2209Parts;
  readonly #enable: TimedOutput;
  readonly #bus: Tmc2209Bus;
  #health: PartHealth = { state: 'silent', why: 'The stepper driver is being set up.' };
  #isReady = false;
  #isClosed = false;
  #failures = 0;
  /** Counts set-ups; one that was overtaken says nothing any more. */
  #attempt = 0;
  #settingUp: Promise<void> = Promise.resolve();
  #slice: { readonly vactual: number; readonly endMs: Milliseconds } | null = null;
  /** The velocity that the chip surely holds; null while it is unknown. */
  #held: number | null = null;
  #isSteering = false;
  #hint: JamHint | null = null;
  #hintListener: (hint: JamHint) => void = () => {};
  #cancelEnd: Cancel = () => {};
  #cancelWatch: Cancel = () => {};
  #cancelRetry: Cancel = () => {};

  /** Throws ERR_CONFIG without an enable line. */
  constructor(parts: Tmc2209Parts) {
    if (parts.enable === null) {
      throw new FeederError('ERR_CONFIG', {
        message:
          'The TMC2209 has no time limit of its own: wire its ENN pin to a line of the board and name that line.',
      });
    }
    this.#parts = parts;
    this.#enable = parts.enable;
    this.#enable.off();
    this.#bus = new Tmc2209Bus({
      link: parts.link,
      clock: parts.clock,
      address: parts.settings.address,
    });
    parts.link.onLink(({ isOpen, why }) => {
      if (isOpen) this.#setUp();
      else this.#fail('unplugged', why ?? 'The serial port is closed.');
    });
    if (parts.link.isOpen) this.#setUp();
  }

  run(slice: MotorSlice): void {
    assertSlice(slice);
    if (!this.#isReady || this.#isClosed) return;
    const { clock } = this.#parts;
    const vactual = this.#vactual(slice);
    this.#slice = { vactual, endMs: clock.monoMs() + slice.maxMs };
    this.#cancelEnd();
    this.#cancelEnd = clock.after('tmc2209 slice', slice.maxMs, () => this.stop());
    if (this.#held === vactual && !this.#isSteering) {
      this.#enable.onFor(slice.maxMs);
      return;
    }
    this.#enable.off();
    void this.#steer();
  }

  stop(): void {
    this.#enable.off();
    this.#slice = null;
    this.#cancelEnd();
    this.#cancelWatch();
    if (this.#isReady) void this.#steer();
  }

  canTurn(): boolean {
    return this.#isReady && !this.#isClosed && this.#enable.why === null;
  }

  /** The last hint of this run; null while it stands still or gives none. */
  get hint(): JamHint | null {
    return this.#hint;
  }

  /** One listener; about ten hints a second while the motor turns. */
  onHint(listener: (hint: JamHint) => void): void {
    this.#hintListener = listener;
  }

  health(): PartHealth {
    const lineWhy = this.#enable.why;
    return lineWhy === null ? this.#health : { state: 'unplugged', why: lineWhy };
  }

  async selfTest(): Promise<PartCheck> {
    await this.#settingUp;
    const found = 'The TMC2209 answers, counts what is written, and obeys its enable line.';
    return checkOf(
      this.health(),
      found,
      'Check the 12 V supply, the serial wire and the ENN wire.',
    );
  }

  close(): void {
    if (this.#isClosed) return;
    this.stop();
    this.#isClosed = true;
    this.#isReady = false;
    this.#cancelRetry();
    this.#enable.close();
    void this.#parts.link.close();
  }

  #vactual({ direction, speed }: MotorSlice): number {
    const { fullStepsPerTurn, microsteps, gearRatio, turnsPerSecond } = this.#parts.settings;
    const perSecond = fullStepsPerTurn * microsteps * gearRatio * turnsPerSecond * speed;
    return vactualOf(direction === 'forward' ? perSecond : -perSecond);
  }

  /** Brings the chip to the velocity that is wanted now, then lets the rest of the slice begin. */
  async #steer(): Promise<void> {
    if (this.#isSteering) return;
    this.#isSteering = true;
    try {
      // Ends when nobody changed the wish meanwhile; a failed write ends it too.
      while (this.#isReady && this.#held !== this.#wanted()) {
        const wanted = this.#wanted();
        this.#held = null;
        await this.#bus.write(registers.VACTUAL, wanted);
        this.#held = wanted;
      }
      this.#isSteering = false;
      this.#begin();
    } catch (error) {
      this.#isSteering = false;
      this.#fail('silent', sentenceOf(error));
    }
  }

  #wanted(): number {
    return this.#slice?.vactual ?? 0;
  }

  #begin(): void {
    const slice = this.#slice;
    if (slice === null || !this.#isReady || this.#isClosed) return;
    const leftMs = slice.endMs - this.#parts.clock.monoMs();
    if (leftMs < 1) return;
    this.#enable.onFor(leftMs);
    this.#hint = null;
    this.#watchNext();
  }

  #watchNext(): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#parts.clock.after('tmc2209 watch', WATCH_MS, () => {
      this.#watch().catch((error: unknown) => this.#fail('silent', sentenceOf(error)));
    });
  }

  async #watch(): Promise<void> {
    const { settings, clock } = this.#parts;
    const events = await this.#bus.read(registers.GSTAT);
    const trouble = driverTrouble(events, await this.#bus.read(registers.DRV_STATUS));
    if (trouble !== null) return this.#fail('implausible', trouble);
    if (settings.stallThreshold > 0 && this.#slice !== null) {
      const stallGuard = (await this.#bus.read(registers.SG_RESULT)) & 0x3ff;
      const isStalled = stallGuard <= 2 * settings.stallThreshold;
      this.#hint = { stallGuard, isStalled, atMs: clock.monoMs() };
      this.#hintListener(this.#hint);
    }
    if (this.#slice !== null && !this.#isClosed) this.#watchNext();
  }

  #setUp(): void {
    if (this.#isClosed) return;
    this.#cancelRetry();
    this.#bus.restart();
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#settingUp = this.#prepare().then(
      (trouble) => {
        if (attempt !== this.#attempt || this.#isClosed) return;
        if (trouble !== null) this.#fail('implausible', trouble);
        else this.#arrive();
      },
      (error: unknown) => {
        if (attempt === this.#attempt) this.#fail('silent', sentenceOf(error));
      },
    );
  }

  #arrive(): void {
    this.#failures = 0;
    this.#health = healthy;
    this.#isReady = true;
  }

  /** Writes all registers and proves the enable line; what is wrong, as a sentence, or null. */
  async #prepare(): Promise<string | null> {
    const { settings } = this.#parts;
    const version = (await this.#bus.read(registers.IOIN)) >>> 24;
    if (version !== TMC2209_VERSION)
      return `The chip at the serial line is no TMC2209 (version ${version}).`;
    const values = [
      [registers.VACTUAL, 0],
      [registers.GCONF, GCONF_UART],
      [registers.CHOPCONF, chopconf(settings.microsteps)],
      [registers.IHOLD_IRUN, iholdIrun(settings.holdCurrent32, settings.runCurrent32)],
      [registers.TCOOLTHRS, 0xf_ffff],
      [registers.SGTHRS, settings.stallThreshold],
      [registers.GSTAT, GSTAT_ALL],
    ] as const;
    for (const [register, value] of values) await this.#bus.write(register, value);
    this.#held = 0;
    return this.#proveEnable();
  }

  /** With the velocity at zero: does the chip see the line go, and come back? */
  async #proveEnable(): Promise<string | null> {
    const isOff = async () => ((await this.#bus.read(registers.IOIN)) & IOIN_ENN) !== 0;
    this.#enable.off();
    if (!(await isOff()))
      return 'The enable line does not reach the ENN pin: the motor would have no time limit.';
    this.#enable.onFor(TRIAL_MS);
    const isStillOff = await isOff();
    this.#enable.off();
    return isStillOff
      ? 'The enable line cannot pull the ENN pin low: check its wire and pin.'
      : null;
  }

  #fail(state: PartHealth['state'], why: string): void {
    this.#enable.off();
    if (this.#isClosed) return;
    this.#attempt += 1;
    this.#isReady = false;
    this.#slice = null;
    this.#held = null;
    this.#cancelEnd();
    this.#cancelWatch();
    this.#cancelRetry();
    const { link, clock, chance } = this.#parts;
    if (!link.isOpen) {
      this.#health = { state: 'unplugged', why: link.why ?? why };
      return;
    }
    this.#health = { state, why };
    this.#failures += 1;
    const waitMs = backOffMs(this.#failures, chance);
    this.#cancelRetry = clock.after('tmc2209 set-up', waitMs, () => this.#setUp());
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
