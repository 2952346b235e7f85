import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Clock } from '../../platform/clock.ts';
import type { SerialLink } from '../io/serial-link.ts';
import { findReply, type Register, readRequest, registers, writeFrame } from './tmc2209-frames.ts';

/** A chip answers within 2 ms; the rest is the patience that a USB adapter needs. */
export const REPLY_MS_MAX: Milliseconds = 40;
/** Each transfer is tried so often. */
export const TRIES_MAX = 3;
/** Echo and reply of the longest transfer, and room for noise. */
const HEARD_BYTES_MAX = 64;

export interface Tmc2209BusParts {
  readonly link: SerialLink;
  readonly clock: Clock;
  /** 0 to 3, set by the chip's pins MS1 and MS2. */
  readonly address: number;
}

/**
 * Registers of one TMC2209 over its one wire. Everything sent comes back as an echo. A write has no
 * answer, but the chip counts good writes in IFCNT: a write is done when the count went up by one.
 */
export class Tmc2209Bus {
  readonly #parts: Tmc2209BusParts;
  #heard = new Uint8Array(0);
  #onHeard: () => void = () => {};
  /** One transfer after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #writes: number | null = null;

  constructor(parts: Tmc2209BusParts) {
    this.#parts = parts;
    parts.link.onBytes((bytes) => {
      const heard = Uint8Array.of(...this.#heard, ...bytes.subarray(-HEARD_BYTES_MAX));
      this.#heard = heard.subarray(-HEARD_BYTES_MAX);
      this.#onHeard();
    });
  }

  /** Rejects with ERR_HARDWARE_FAULT when no sound reply comes. */
  read(register: Register): Promise<number> {
    return this.#inTurn(() => this.#read(register));
  }

  /** Resolves when the chip has counted the write; rejects with ERR_HARDWARE_FAULT otherwise. */
  write(register: Register, value: number): Promise<void> {
    return this.#inTurn(async () => {
      for (let tries = 1; ; tries++) {
        this.#writes ??= await this.#read(registers.IFCNT);
        await this.#parts.link.write(writeFrame(this.#parts.address, register, value));
        const wanted = (this.#writes + 1) & 0xff;
        const writes = await this.#read(registers.IFCNT);
        this.#writes = writes;
        if (writes === wanted) return;
        if (tries >= TRIES_MAX)
          throw fault('The stepper driver does not take what is written to it.');
      }
    });
  }

  /** The chip may have been another one, or without power: its count is asked for anew. */
  restart(): void {
    this.#writes = null;
  }

  #inTurn<T>(transfer: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(transfer, transfer);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #read(register: Register): Promise<number> {
    const { link, address } = this.#parts;
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      this.#heard = new Uint8Array(0);
      await link.write(readRequest(address, register));
      const value = await this.#reply(register);
      if (value !== null) return value;
    }
    throw fault('The stepper driver does not answer: check its power and the one-wire resistor.');
  }

  #reply(register: Register): Promise<number | null> {
    return new Promise((resolve) => {
      const end = (value: number | null) => {
        cancel();
        this.#onHeard = () => {};
        resolve(value);
      };
      const cancel = this.#parts.clock.after('tmc2209 reply', REPLY_MS_MAX, () => end(null));
      this.#onHeard = () => {
        const value = findReply(this.#heard, register);
        if (value !== null) end(value);
      };
      this.#onHeard();
    });
  }
}

function fault(message: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message });
}
