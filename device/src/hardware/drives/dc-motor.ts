import type { BoardIo, DriveRun, NativeDrive } from '@cat-feeder/board-io';
import type { Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { DrivePart } from '../../dispensing/shaft-sensors.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { InputLine, LineSource } from '../io/lines.ts';
import { lineFault } from '../io/native-fault.ts';
import type { HeaderPwmSpeed } from './header-pwm-speed.ts';
import { assertSlice } from './slice-check.ts';

/** A pin of the header by its BCM number. */
export interface MotorPin {
  readonly pin: number;
  readonly activeLow: boolean;
}

/** How the H-bridge is steered: by ENABLE and DIR (BTS7960, L298), or by one input for each way (DRV8833). */
export type BridgeWiring =
  | { readonly kind: 'enable-direction'; readonly enable: MotorPin; readonly direction: MotorPin }
  | { readonly kind: 'two-inputs'; readonly forward: MotorPin; readonly reverse: MotorPin };

export interface DcMotorParts {
  readonly board: BoardIo;
  /** Path of the chip that carries the pins. */
  readonly chip: string;
  readonly wiring: BridgeWiring;
  /** The driver's speed input; null: the lines themselves are switched on and off. */
  readonly speed: HeaderPwmSpeed | null;
  /** The driver's nFAULT output (low: fault), with where to get the line; null: not wired. */
  readonly fault: { readonly lines: LineSource; readonly pin: number } | null;
}

/** Standstill before the motor turns the other way: spares gear and driver. */
export const TURN_ROUND_MS: Milliseconds = 30;
/** Period of the slow PWM without a speed input; a motor's mass smooths it. */
const SLOW_PWM_US = 10_000;
/** Shares above this are full speed: the rest would be a pulse too short for any motor. */
const FULL_SPEED = 0.98;
const FAULT_DEBOUNCE_MS: Milliseconds = 1;

/**
 * A DC gear motor behind an H-bridge. Every slice's end is armed in a native thread before the lines
 * rise, so a blocked program cannot prolong it, and the kernel lets the lines go when it dies.
 */
export class DcMotorDrive implements DrivePart {
  readonly #native: NativeDrive;
  readonly #speed: HeaderPwmSpeed | null;
  readonly #levels: Readonly<Record<MotorSlice['direction'], number>>;
  readonly #powerMask: number;
  readonly #faultLine: InputLine | null;
  #faultWhy: string | null = null;
  #speedWhy: string | null = null;
  #isClosed = false;

  /** Throws ERR_HARDWARE_FAULT when a line cannot be had. */
  constructor(parts: DcMotorParts) {
    const { board, chip, wiring, fault } = parts;
    const isPair = wiring.kind === 'two-inputs';
    const pins = isPair ? [wiring.forward, wiring.reverse] : [wiring.enable, wiring.direction];
    this.#levels = isPair ? { forward: 0b01, reverse: 0b10 } : { forward: 0b01, reverse: 0b11 };
    this.#powerMask = isPair ? 0b11 : 0b01;
    this.#speed = parts.speed;
    try {
      this.#native = board.openDrive(
        {
          chip,
          consumer: 'cat-feeder motor',
          lines: pins.map(({ pin, activeLow }) => ({ line: pin, activeLow })),
          powerMask: this.#powerMask,
          deadTimeUs: TURN_ROUND_MS * 1000,
        },
        () => {},
      );
    } catch (error) {
      throw lineFault(board, pins[0]?.pin ?? 0, error);
    }
    try {
      this.#faultLine = fault === null ? null : this.#watchFault(fault);
    } catch (error) {
      this.#native.close();
      throw error;
    }
  }

  run(slice: MotorSlice): void {
    assertSlice(slice);
    if (!this.canTurn()) {
      this.stop();
      return;
    }
    this.#speedWhy = this.#speed?.set(slice.speed) ?? null;
    if (this.#speedWhy === null) this.#native.run(this.#order(slice));
    else this.stop();
  }

  stop(): void {
    this.#native.stop();
  }

  /** A PWM that was lost may have come back; nothing else comes back by trying. */
  canTurn(): boolean {
    const isHeld = !this.#isClosed && this.#native.state().lost === null;
    return isHeld && this.#faultWhy === null;
  }

  health(): PartHealth {
    if (this.#isClosed) return { state: 'unplugged', why: 'The motor was closed.' };
    const { lost } = this.#native.state();
    if (lost !== null) {
      return { state: 'unplugged', why: `The lines of the motor are lost (${lost}).` };
    }
    if (this.#faultWhy !== null) return { state: 'implausible', why: this.#faultWhy };
    return this.#speedWhy === null ? healthy : { state: 'unplugged', why: this.#speedWhy };
  }

  selfTest(): Promise<PartCheck> {
    this.#native.probe();
    const { realTime } = this.#native.state();
    const found = `the motor's lines are held${realTime ? ', with real-time priority' : ''}`;
    const fix = "Check the motor driver's supply and wires, and who else uses its pins.";
    return Promise.resolve(checkOf(this.health(), found, fix));
  }

  close(): void {
    this.#isClosed = true;
    this.#native.close();
    this.#speed?.close();
    this.#faultLine?.close();
  }

  #order({ direction, speed, maxMs }: MotorSlice): DriveRun {
    const levels = this.#levels[direction];
    if (this.#speed !== null || speed >= FULL_SPEED) return { levels, ms: maxMs };
    const invertedUs = Math.max(1, Math.round(SLOW_PWM_US * (1 - speed)));
    const mask = levels & this.#powerMask;
    return { levels, ms: maxMs, pulse: { mask, periodUs: SLOW_PWM_US, invertedUs } };
  }

  #watchFault({ lines, pin }: NonNullable<DcMotorParts['fault']>): InputLine {
    const line = lines.input({ pin, activeLow: true, bias: 'up', debounceMs: FAULT_DEBOUNCE_MS });
    const take = (level: 0 | 1) => {
      this.#faultWhy =
        level === 0
          ? null
          : 'The motor driver reports a fault: its current, heat or supply is out of bounds.';
      if (level === 1) this.stop();
    };
    line.onEdge(({ level }) => take(level));
    line.onLost(() => {
      this.#faultWhy = 'The line of the motor driver’s fault output is lost.';
      this.stop();
    });
    take(line.level());
    return line;
  }
}
