import { setImmediate as turn } from 'node:timers/promises';
import { FeederError } from '@cat-feeder/shared';
import type { SerialLink } from '../../src/hardware/io/serial-link.ts';
import type { VirtualClock } from '../../src/platform/virtual-clock.ts';

/** A serial link that is plugged by hand, with a part behind it. */
export class HandLink implements SerialLink {
  isOpen = true;
  why: string | null = null;
  isClosed = false;
  /** Told of what was written. */
  onWritten: (bytes: Uint8Array) => void = () => {};
  #bytes: (bytes: Uint8Array) => void = () => {};
  #turn: (link: { isOpen: boolean; why: string | null }) => void = () => {};

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen) {
      throw new FeederError('ERR_HARDWARE_FAULT', { message: this.why ?? 'Closed.' });
    }
    this.onWritten(bytes);
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#bytes = listener;
  }

  onLink(listener: (link: { isOpen: boolean; why: string | null }) => void): void {
    this.#turn = listener;
  }

  async close(): Promise<void> {
    this.isOpen = false;
    this.isClosed = true;
  }

  /** Bytes from the part. */
  send(bytes: Uint8Array): void {
    if (this.isOpen) this.#bytes(bytes);
  }

  plug(isOpen: boolean, why: string | null = isOpen ? null : 'The cable was pulled.'): void {
    if (this.isClosed) return;
    this.isOpen = isOpen;
    this.why = why;
    this.#turn({ isOpen, why });
  }
}

/** Lets time pass a millisecond at a time, with everything that follows from each. */
export async function passSlowly(clock: VirtualClock, ms: number): Promise<void> {
  const endMs = clock.monoMs() + ms;
  await turn();
  while (clock.monoMs() < endMs) {
    clock.advance(Math.min(1, endMs - clock.monoMs()));
    await turn();
  }
}
