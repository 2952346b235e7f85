import type { BoardIo, NativeI2c } from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';
import type { I2cBus } from './i2c-bus.ts';
import { isBoardIoError, nativeFault } from './native-fault.ts';

/** Transfers that may wait for their turn; a part that asks faster than the bus is refused. */
export const WAITING_MAX = 64;
/** Codes after which the bus is opened anew by the next transfer. */
const goneCodes = ['ENODEV', 'EBADF', 'ECANCELED'];

/** An I2C bus by its character device. One transfer runs at a time, away from the event loop. */
export class NativeI2cBus implements I2cBus {
  readonly #board: BoardIo;
  readonly #path: string;
  #native: NativeI2c | null = null;
  #isClosed = false;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Opens nothing yet. */
  constructor(parts: { readonly board: BoardIo; readonly path: string }) {
    this.#board = parts.board;
    this.#path = parts.path;
  }

  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    if (this.#waiting >= WAITING_MAX) {
      return Promise.reject(this.#fault(`More than ${WAITING_MAX} transfers wait for it.`));
    }
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#transfer(address, write, readLength));
    const done = () => {
      this.#waiting -= 1;
    };
    this.#last = turn.then(done, done);
    return turn;
  }

  close(): void {
    this.#isClosed = true;
    this.#native?.close();
    this.#native = null;
  }

  async #transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    if (this.#isClosed) throw this.#fault('It was closed.');
    try {
      this.#native ??= this.#board.openI2c(this.#path);
      return await this.#native.transfer(address, write, readLength);
    } catch (error) {
      if (isBoardIoError(error) && goneCodes.includes(error.code)) {
        this.#native?.close();
        this.#native = null;
      }
      throw nativeFault(error);
    }
  }

  #fault(why: string): FeederError {
    return new FeederError('ERR_HARDWARE_FAULT', {
      message: `The I2C bus ${this.#path} cannot be used: ${why}`,
    });
  }
}
