import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { DrivePart } from '../../dispensing/shaft-sensors.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { PulsePlayer } from '../io/pulse-player.ts';
import { assertSlice } from './slice-check.ts';

/** What the drives have in common whose motion is a train of pulses that ends by itself. */
export abstract class PulseDrive implements DrivePart {
  protected readonly player: PulsePlayer;
  #isClosed = false;

  constructor(player: PulsePlayer) {
    this.player = player;
  }

  run(slice: MotorSlice): void {
    assertSlice(slice);
    if (!this.#isClosed && this.player.why === null) this.play(slice);
  }

  stop(): void {
    if (!this.#isClosed) this.rest();
  }

  canTurn(): boolean {
    return !this.#isClosed && this.player.why === null;
  }

  health(): PartHealth {
    const why = this.player.why;
    return why === null ? healthy : { state: 'unplugged', why };
  }

  async selfTest(): Promise<PartCheck> {
    const fix = 'Start pigpiod, and see that no other program uses the pins.';
    return checkOf(this.health(), 'The pulses can be played.', fix);
  }

  close(): void {
    if (this.#isClosed) return;
    this.rest();
    this.#isClosed = true;
    this.player.close();
  }

  /** Plays this slice. */
  protected abstract play(slice: MotorSlice): void;
  /** Brings it to rest now. */
  protected abstract rest(): void;
}
