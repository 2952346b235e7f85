import { FeederError, type Milliseconds, MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { Clock } from '../../platform/clock.ts';
import { PULSES_MAX, type Pulse, type PulseLine, type PulsePlayer } from '../io/pulse-player.ts';
import { PulseDrive } from './pulse-drive.ts';

/** A driver with STEP and DIR wants so long between DIR or ENABLE and the first step. */
const SET_UP_US = 20;
/** A slice that only goes on is played anew when less than this is left of the one before. */
const REFRESH_MS: Milliseconds = 150;

export interface StepDirSettings {
  readonly stepPin: number;
  readonly dirPin: number;
  /** Active low; null: the driver is always on, and the motor holds. */
  readonly enablePin: number | null;
  /** Steps (microsteps) for one turn of the output shaft, and its turns per second at full speed. */
  readonly stepsPerTurn: number;
  readonly turnsPerSecond: number;
}

/** The lines as they stand when nothing turns. */
export function stepDirLines({ stepPin, dirPin, enablePin }: StepDirSettings): PulseLine[] {
  const enable = enablePin === null ? [] : [{ pin: enablePin, idle: 1 as const }];
  return [{ pin: stepPin, idle: 0 }, { pin: dirPin, idle: 0 }, ...enable];
}

/**
 * A stepper behind STEP and DIR. Each slice is a train of so many steps, which ends by itself. While
 * the same motion goes on, a train is only replaced when little of it is left: motion may then end
 * up to 100 ms before its slice, never after it.
 */
export class StepDirDrive extends PulseDrive {
  readonly #clock: Clock;
  readonly #settings: StepDirSettings;
  #playing: { readonly velocity: number; readonly endMs: Milliseconds } | null = null;

  /** Throws ERR_CONFIG when full speed needs more pulses than a player takes. */
  constructor(player: PulsePlayer, settings: StepDirSettings, clock: Clock) {
    super(player);
    this.#clock = clock;
    this.#settings = settings;
    const stepsPerSecond = settings.stepsPerTurn * settings.turnsPerSecond;
    const mostPerSecond = (1000 / MOTOR_SLICE_MS_MAX) * (PULSES_MAX / 2 - 2);
    if (stepsPerSecond > mostPerSecond) {
      throw new FeederError('ERR_CONFIG', {
        message: `The stepper would need ${stepsPerSecond} steps per second; at most ${mostPerSecond} are possible: use fewer microsteps.`,
      });
    }
  }

  protected play(slice: MotorSlice): void {
    const { direction, speed, maxMs } = slice;
    const nowMs = this.#clock.monoMs();
    const velocity = direction === 'forward' ? speed : -speed;
    const endMs = nowMs + maxMs;
    const playing = this.#playing;
    const isGoingOn = playing !== null && playing.velocity === velocity && playing.endMs <= endMs;
    if (isGoingOn && playing.endMs - nowMs >= REFRESH_MS) return;
    this.#playing = { velocity, endMs };
    this.player.play(this.#train(slice));
  }

  protected rest(): void {
    this.#playing = null;
    this.player.halt();
  }

  #train({ direction, speed, maxMs }: MotorSlice): Pulse[] {
    const { stepPin, dirPin, enablePin, stepsPerTurn, turnsPerSecond } = this.#settings;
    const step = 1 << stepPin;
    const dir = 1 << dirPin;
    const enable = enablePin === null ? 0 : 1 << enablePin;
    const halfUs = Math.max(1, Math.round(5e5 / (stepsPerTurn * turnsPerSecond * speed)));
    const isForward = direction === 'forward';
    const begin = { on: isForward ? dir : 0, off: enable | (isForward ? 0 : dir), us: SET_UP_US };
    const steps = Math.floor((maxMs * 1000 - 2 * SET_UP_US) / (2 * halfUs));
    const train: Pulse[] = [begin];
    for (let at = 0; at < steps; at++) {
      train.push({ on: step, off: 0, us: halfUs }, { on: 0, off: step, us: halfUs });
    }
    train.push({ on: enable, off: dir, us: SET_UP_US });
    return train;
  }
}
