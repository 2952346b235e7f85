import type { BoardIo, NativeDrive } from '@cat-feeder/board-io';
import type { Milliseconds } from '@cat-feeder/shared';
import { lineFault } from './native-fault.ts';
import type { TimedOutput } from './timed-output.ts';

/** A timed output whose fall is armed in a native thread of its own. */
export class NativeTimedOutput implements TimedOutput {
  readonly #native: NativeDrive;
  readonly #pin: number;
  #isClosed = false;

  /** Throws ERR_HARDWARE_FAULT when the line cannot be had. */
  constructor(parts: {
    readonly board: BoardIo;
    readonly chip: string;
    readonly pin: number;
    readonly activeLow: boolean;
  }) {
    const { board, chip, pin, activeLow } = parts;
    this.#pin = pin;
    try {
      this.#native = board.openDrive(
        {
          chip,
          consumer: 'cat-feeder motor',
          lines: [{ line: pin, activeLow }],
          powerMask: 1,
          deadTimeUs: 0,
        },
        () => {},
      );
    } catch (error) {
      throw lineFault(board, pin, error);
    }
  }

  onFor(maxMs: Milliseconds): void {
    if (this.why === null) this.#native.run({ levels: 1, ms: maxMs });
  }

  off(): void {
    this.#native.stop();
  }

  get why(): string | null {
    if (this.#isClosed) return `The line of pin ${this.#pin} was given up.`;
    const { lost } = this.#native.state();
    return lost === null ? null : `The line of pin ${this.#pin} is lost (${lost}).`;
  }

  close(): void {
    this.#isClosed = true;
    this.#native.close();
  }
}
