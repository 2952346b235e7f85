import { registers, replyFrame, tmcCrc } from '../../src/hardware/drives/tmc2209-frames.ts';
import type { TimedOutput } from '../../src/hardware/io/timed-output.ts';
import type { Cancel } from '../../src/platform/clock.ts';
import type { VirtualClock } from '../../src/platform/virtual-clock.ts';
import type { HandLink } from './hand-link.ts';

/** A line that falls by itself, at a pin that may be wired or not. */
export class SimulatedEnableLine implements TimedOutput {
  why: string | null = null;
  isHigh = false;
  longestMs = 0;
  readonly #clock: VirtualClock;
  #cancel: Cancel = () => {};

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  onFor(maxMs: number): void {
    this.longestMs = Math.max(this.longestMs, maxMs);
    this.#cancel();
    this.isHigh = true;
    this.#cancel = this.#clock.after('the line falls', maxMs, () => (this.isHigh = false));
  }

  off(): void {
    this.#cancel();
    this.isHigh = false;
  }

  close(): void {
    this.off();
    this.why = 'The line was given up.';
  }
}

/** A TMC2209 at the level of its frames, on one wire: it hears itself and everybody. */
export class SimulatedTmc2209 {
  readonly values = new Map<number, number>();
  readonly line: SimulatedEnableLine;
  /** The ENN pin is wired to the line. */
  isEnnWired = true;
  /** The pin is shorted to ground: the chip is always on. */
  isEnnShorted = false;
  hasPower = true;
  /** Garbles or drops a frame to the chip: asked for each. */
  onFrame: (frame: Uint8Array) => Uint8Array | null = (frame) => frame;
  /** The same for replies. */
  onReply: (frame: Uint8Array) => Uint8Array | null = (frame) => frame;
  readonly #link: HandLink;
  readonly #clock: VirtualClock;
  #heard: number[] = [];

  constructor(link: HandLink, clock: VirtualClock, line = new SimulatedEnableLine(clock)) {
    this.#link = link;
    this.#clock = clock;
    this.line = line;
    this.reset();
    link.onWritten = (bytes) => {
      // The echo is on the wire before any reply.
      queueMicrotask(() => link.send(bytes));
      const heard = this.onFrame(bytes);
      if (heard !== null && this.hasPower) this.#hear(heard);
    };
  }

  /** Power was away for a moment. */
  reset(): void {
    this.values.clear();
    this.values.set(registers.GSTAT, 1);
    this.values.set(registers.SG_RESULT, 300);
    this.values.set(registers.DRV_STATUS, 0x8000_0000);
  }

  /** Signed velocity of the chip's own steps. */
  get velocity(): number {
    return ((this.values.get(registers.VACTUAL) ?? 0) << 8) >> 8;
  }

  motion(): 1 | -1 | 0 {
    return this.hasPower && this.#isEnabled() && this.velocity !== 0
      ? (Math.sign(this.velocity) as 1 | -1)
      : 0;
  }

  #isEnabled(): boolean {
    return this.isEnnShorted || (this.isEnnWired && this.line.isHigh);
  }

  #hear(bytes: Uint8Array): void {
    this.#heard.push(...bytes);
    // Each byte is a possible start, as in the chip after a pause of the line.
    while (this.#heard.length > 0) {
      const length = (this.#heard[2] ?? 0) & 0x80 ? 8 : 4;
      if (this.#heard[0] === 0x05 && this.#heard.length < length) return;
      const frame = Uint8Array.from(this.#heard.slice(0, length));
      if (frame[0] !== 0x05 || frame[1] !== 0 || frame.at(-1) !== tmcCrc(frame)) {
        this.#heard.shift();
        continue;
      }
      this.#heard.splice(0, length);
      if (length === 8) this.#write((frame[2] ?? 0) & 0x7f, Buffer.from(frame).readUInt32BE(3));
      else this.#answer(frame[2] ?? 0);
    }
  }

  #write(register: number, value: number): void {
    const writes = this.values.get(registers.IFCNT) ?? 0;
    this.values.set(registers.IFCNT, (writes + 1) & 0xff);
    const old = this.values.get(register) ?? 0;
    this.values.set(register, register === registers.GSTAT ? old & ~value : value);
  }

  #answer(register: number): void {
    const enn = this.#isEnabled() ? 0 : 1;
    const value =
      register === registers.IOIN ? 0x2100_0000 + enn : (this.values.get(register) ?? 0);
    const reply = this.onReply(replyFrame(register, value));
    if (reply === null) return;
    this.#clock.after('reply', 1, () => {
      // In two pieces, as a serial port likes to give them.
      this.#link.send(reply.subarray(0, 3));
      this.#link.send(reply.subarray(3));
    });
  }
}
