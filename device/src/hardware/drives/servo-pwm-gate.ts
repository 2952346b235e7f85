import type { BoardIo, NativeDrive } from '@cat-feeder/board-io';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { DrivePart } from '../../dispensing/shaft-sensors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { nativeFault } from '../io/native-fault.ts';
import { exportHeaderPwm, periodWrites } from '../parts/header-pwm.ts';
import { assertWidths, CLOSING_MS, FRAME_US, type ServoGateSettings } from './servo-gate.ts';
import { assertSlice } from './slice-check.ts';

/** A slice shorter than one pulse does not open the gate. */
const SLICE_MS_MIN: Milliseconds = FRAME_US / 1000;

/** A PWM that cannot be had is tried again so often: udev hands its files over after the export. */
const TRY_AGAIN_MS: Milliseconds = 1000;

/*
 * A flap or gate moved by a servo at the header's PWM, on every board.
 *
 *   trying --PWM exported, period and duty taken--> held --a write of the duty fails--> lost (for good)
 *      \--refused--> trying again after a second
 *
 * G1 Pulses end no sooner than CLOSING_MS after the duty is that of the closed gate.
 * G2 Left alone, the servo gets no pulses: it neither hums nor holds.
 * G3 The duty that closes the gate is armed in a native thread before it opens. When the whole program
 *    dies with the gate open, the PWM goes on, and systemd/motor-safe closes it.
 */

/** A servo gate at the PWM: forward opens it for the slice, `speed` being how far; reverse presses it shut. */
export class ServoPwmDrive implements DrivePart {
  readonly #board: BoardIo;
  readonly #tree: SysfsTree;
  readonly #clock: Clock;
  readonly #settings: ServoGateSettings;
  #held: { readonly folder: string; readonly native: NativeDrive } | null = null;
  #why: string | null = null;
  /** Monotonic time at which the pulses are switched off; null: they are. */
  #offAtMs: Milliseconds | null = null;
  #cancelOff: Cancel = () => {};
  #cancelTry: Cancel = () => {};
  #isClosed = false;

  /** Closes the gate as soon as the PWM can be had. Throws ERR_CONFIG for widths that harm. */
  constructor(parts: {
    readonly board: BoardIo;
    readonly tree: SysfsTree;
    readonly clock: Clock;
    readonly settings: ServoGateSettings;
  }) {
    assertWidths(parts.settings);
    this.#board = parts.board;
    this.#tree = parts.tree;
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#prepare();
  }

  run(slice: MotorSlice): void {
    assertSlice(slice);
    if (this.#held === null || !this.canTurn()) return;
    const { native } = this.#held;
    if (!this.#pulseFor(slice.maxMs + CLOSING_MS)) {
      // A channel that is gone for good is found out by touching it.
      native.probe();
      return;
    }
    const { direction, speed, maxMs } = slice;
    const { closedUs, openUs } = this.#settings;
    const opens = direction === 'forward' && maxMs >= SLICE_MS_MIN;
    const dutyNs = Math.round((closedUs + speed * (openUs - closedUs)) * 1000);
    if (opens) native.run({ levels: dutyNs, ms: maxMs });
    else native.stop();
  }

  stop(): void {
    this.#held?.native.stop();
    if (this.#offAtMs === null || this.#isClosed) return;
    const leftMs = this.#offAtMs - this.#clock.monoMs();
    if (leftMs > CLOSING_MS) this.#pulseFor(CLOSING_MS);
  }

  canTurn(): boolean {
    return !this.#isClosed && this.#held !== null && this.#held.native.state().lost === null;
  }

  health(): PartHealth {
    if (this.#isClosed) return { state: 'unplugged', why: 'The gate was closed.' };
    const gone = this.#held?.native.state().lost ?? null;
    if (gone !== null) {
      return { state: 'unplugged', why: `The PWM of the servo is lost (${gone}).` };
    }
    return this.#why === null ? healthy : { state: 'unplugged', why: this.#why };
  }

  selfTest(): Promise<PartCheck> {
    this.#held?.native.probe();
    const fix = 'Check that config.txt leads the PWM to the pin of the servo.';
    return Promise.resolve(checkOf(this.health(), 'The PWM of the servo takes its duty.', fix));
  }

  /** The pulses that close the gate go on until systemd/motor-safe, or the next start, ends them. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTry();
    this.#cancelOff();
    this.#held?.native.close();
  }

  #prepare(): void {
    this.#why = this.#take();
    if (this.#why === null) this.#pulseFor(CLOSING_MS);
    else this.#cancelTry = this.#clock.after('servo PWM', TRY_AGAIN_MS, () => this.#prepare());
  }

  /** Why the PWM cannot be had, as a sentence; null when it is held, with the duty of a closed gate. */
  #take(): string | null {
    const tree = this.#tree;
    const found = exportHeaderPwm(tree, this.#settings.pin);
    if ('why' in found) return `The servo cannot be used: ${found.why}.`;
    const { folder } = found;
    const restNs = this.#settings.closedUs * 1000;
    const period = periodWrites(tree, folder, FRAME_US * 1000);
    for (const [file, value] of [...period, ['duty_cycle', String(restNs)] as const]) {
      const problem = tree.write(`${folder}/${file}`, value);
      if (problem !== null) return `The PWM of the servo refuses ${file} (${problem}).`;
    }
    try {
      const path = tree.path(`${folder}/duty_cycle`);
      const native = this.#board.openDrive({ pwm: { path, restNs } }, () => {});
      this.#held = { folder, native };
      return null;
    } catch (error) {
      const fault = nativeFault(error);
      if (fault instanceof FeederError) return fault.message;
      throw fault;
    }
  }

  /** Pulses from now on, until so long from now. False: they cannot be switched on. */
  #pulseFor(ms: Milliseconds): boolean {
    if (this.#offAtMs === null && !this.#enable('1')) return false;
    this.#offAtMs = this.#clock.monoMs() + ms;
    this.#cancelOff();
    this.#cancelOff = this.#clock.after('servo off', ms, () => {
      this.#offAtMs = null;
      this.#enable('0');
    });
    return true;
  }

  #enable(value: '0' | '1'): boolean {
    const problem = this.#tree.write(`${this.#held?.folder}/enable`, value);
    this.#why = problem === null ? null : `The PWM of the servo refuses enable (${problem}).`;
    return problem === null;
  }
}
