import { FeederError } from '@cat-feeder/shared';
import type {
  InputLine,
  InputLineRequest,
  LineEdge,
  LineSource,
  OutputLine,
} from '../../src/hardware/io/lines.ts';
import type { Clock } from '../../src/platform/clock.ts';

/** Pins in memory: physical levels that a test sets and reads. Lines are exclusive, as in the kernel. */
export class FakeLines implements LineSource {
  readonly #clock: Clock;
  readonly #inputs = new Map<number, FakeInput>();
  readonly #outputs = new Map<number, 0 | 1>();
  readonly requests: InputLineRequest[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  input(request: InputLineRequest): InputLine {
    this.#take(request.pin);
    this.requests.push(request);
    const line = new FakeInput(request, this.#clock, () => this.#inputs.delete(request.pin));
    this.#inputs.set(request.pin, line);
    return line;
  }

  output(request: { readonly pin: number; readonly activeLow: boolean }): OutputLine {
    this.#take(request.pin);
    const idle = request.activeLow ? 1 : 0;
    this.#outputs.set(request.pin, idle);
    return {
      set: (level) => {
        if (!this.#outputs.has(request.pin)) throw gone(request.pin);
        this.#outputs.set(request.pin, request.activeLow ? (level === 1 ? 0 : 1) : level);
      },
      close: () => void this.#outputs.delete(request.pin),
    };
  }

  close(): void {
    for (const line of [...this.#inputs.values()]) line.close();
    this.#outputs.clear();
  }

  /** The physical level of an output; null when nobody drives it. */
  driven(pin: number): 0 | 1 | null {
    return this.#outputs.get(pin) ?? null;
  }

  /** Sets the physical level at an input. */
  put(pin: number, level: 0 | 1): void {
    this.#inputs.get(pin)?.put(level);
  }

  /** Takes the line away, as an unbound driver does. */
  lose(pin: number): void {
    this.#inputs.get(pin)?.lose();
    this.#outputs.delete(pin);
  }

  isHeld(pin: number): boolean {
    return this.#inputs.has(pin) || this.#outputs.has(pin);
  }

  #take(pin: number): void {
    if (!this.isHeld(pin)) return;
    throw new FeederError('ERR_HARDWARE_FAULT', { message: `Line ${pin} is in use.` });
  }
}

function gone(pin: number): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message: `Line ${pin} is gone.` });
}

class FakeInput implements InputLine {
  readonly #request: InputLineRequest;
  readonly #clock: Clock;
  readonly #onClose: () => void;
  #physical: 0 | 1;
  #count = 0;
  #isClosed = false;
  #edge: (edge: LineEdge) => void = () => {};
  #lost: (cause: Error) => void = () => {};

  constructor(request: InputLineRequest, clock: Clock, onClose: () => void) {
    this.#request = request;
    this.#clock = clock;
    this.#onClose = onClose;
    this.#physical = request.bias === 'up' ? 1 : 0;
  }

  level(): 0 | 1 {
    return this.#request.activeLow ? (this.#physical === 1 ? 0 : 1) : this.#physical;
  }

  onEdge(listener: (edge: LineEdge) => void): void {
    this.#edge = listener;
  }

  onLost(listener: (cause: Error) => void): void {
    this.#lost = listener;
  }

  close(): void {
    this.#isClosed = true;
    this.#onClose();
  }

  put(level: 0 | 1): void {
    if (level === this.#physical || this.#isClosed) return;
    this.#physical = level;
    this.#count += 1;
    this.#edge({ level: this.level(), atMs: this.#clock.monoMs(), count: this.#count });
  }

  lose(): void {
    if (!this.#isClosed) this.#lost(gone(this.#request.pin));
  }
}
