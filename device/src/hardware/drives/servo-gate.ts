import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { Pulse, PulseLine, PulsePlayer } from '../io/pulse-player.ts';
import { PulseDrive } from './pulse-drive.ts';

/** A servo wants a pulse every 20 ms. */
export const FRAME_US = 20_000;
/** Pulses that close the gate, before the servo is left alone. */
export const CLOSING_MS: Milliseconds = 500;

export interface ServoGateSettings {
  readonly pin: number;
  /** Widths of the pulse, 500 to 2500. */
  readonly closedUs: number;
  readonly openUs: number;
}

/** Throws ERR_CONFIG for widths that would drive a servo against its stop. */
export function assertWidths({ closedUs, openUs }: ServoGateSettings): void {
  for (const us of [closedUs, openUs]) {
    if (us >= 500 && us <= 2500) continue;
    const message = `A servo takes pulses of 500 to 2500 us, not ${us}.`;
    throw new FeederError('ERR_CONFIG', { message });
  }
}

/** The line as it stands when the servo is left alone. */
export function servoGateLines({ pin }: ServoGateSettings): PulseLine[] {
  return [{ pin, idle: 0 }];
}

/**
 * A flap or gate moved by a servo. Forward opens it for the slice, `speed` being how far; reverse
 * presses it shut for the slice, so that the pattern against jams shakes it. Every train ends with
 * the gate being closed: it closes even when this program dies with the gate open.
 */
export class ServoGateDrive extends PulseDrive {
  readonly #settings: ServoGateSettings;

  /** Throws ERR_CONFIG for widths that would drive a servo against its stop. */
  constructor(player: PulsePlayer, settings: ServoGateSettings) {
    super(player);
    this.#settings = settings;
    assertWidths(settings);
  }

  protected play({ direction, speed, maxMs }: MotorSlice): void {
    const { closedUs, openUs } = this.#settings;
    const share = direction === 'forward' ? speed : 0;
    const widthUs = Math.round(closedUs + share * (openUs - closedUs));
    // Whole frames only: a slice shorter than one does not open the gate.
    const frames = Math.floor((maxMs * 1000) / FRAME_US);
    this.player.play([...this.#frames(widthUs, frames), ...this.#closing()]);
  }

  protected rest(): void {
    if (this.player.why === null) this.player.play(this.#closing());
  }

  #closing(): Pulse[] {
    return this.#frames(this.#settings.closedUs, (CLOSING_MS * 1000) / FRAME_US);
  }

  #frames(widthUs: number, count: number): Pulse[] {
    const line = 1 << this.#settings.pin;
    return Array.from({ length: count }, () => [
      { on: line, off: 0, us: widthUs },
      { on: 0, off: line, us: FRAME_US - widthUs },
    ]).flat();
  }
}
