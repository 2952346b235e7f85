import type {
  BoardIo,
  InputBatch,
  InputRequest,
  NativeInput,
  NativeOutput,
} from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';
import type { InputLine, InputLineRequest, LineEdge, LineSource, OutputLine } from './lines.ts';
import { lineFault, nativeFault } from './native-fault.ts';

const CONSUMER = 'cat-feeder';

type HeldLine = InputLine | OutputLine;

/** Lines of one GPIO chip by its character device; all calls throw ERR_HARDWARE_FAULT when they fail. */
export class NativeLines implements LineSource {
  readonly #board: BoardIo;
  readonly #chip: string;
  readonly #open = new Set<HeldLine>();
  #isClosed = false;

  constructor(parts: { readonly board: BoardIo; readonly chip: string }) {
    this.#board = parts.board;
    this.#chip = parts.chip;
  }

  input(request: InputLineRequest): InputLine {
    return this.#keep(request.pin, (given) => {
      const line = new NativeInputLine(given);
      line.bind(this.#board.openInput(this.#inputRequest(request), (batch) => line.take(batch)));
      return line;
    });
  }

  output(request: { readonly pin: number; readonly activeLow: boolean }): OutputLine {
    return this.#keep(request.pin, (given) => {
      const native = this.#board.openOutput({
        chip: this.#chip,
        line: request.pin,
        consumer: CONSUMER,
        activeLow: request.activeLow,
        level: 0,
      });
      return new NativeOutputLine(native, given);
    });
  }

  /** Closes its lines too. */
  close(): void {
    this.#isClosed = true;
    for (const line of [...this.#open]) line.close();
  }

  #inputRequest({ pin, activeLow, bias, debounceMs }: InputLineRequest): InputRequest {
    const debounceUs = Math.round(debounceMs * 1000);
    const asked = { activeLow, bias, edges: 'both', debounceUs } as const;
    return { chip: this.#chip, line: pin, consumer: CONSUMER, ...asked };
  }

  #keep<Line extends HeldLine>(pin: number, open: (given: (line: HeldLine) => void) => Line): Line {
    if (this.#isClosed) {
      throw new FeederError('ERR_HARDWARE_FAULT', { message: 'The GPIO chip was closed.' });
    }
    try {
      const line = open((closed) => this.#open.delete(closed));
      this.#open.add(line);
      return line;
    } catch (error) {
      throw lineFault(this.#board, pin, error);
    }
  }
}

class NativeInputLine implements InputLine {
  readonly #onClose: (line: HeldLine) => void;
  #native: NativeInput | null = null;
  #onEdge: (edge: LineEdge) => void = () => {};
  #onLost: (cause: Error) => void = () => {};
  #isClosed = false;

  constructor(onClose: (line: HeldLine) => void) {
    this.#onClose = onClose;
  }

  /** The native line whose batches come to `take`. */
  bind(native: NativeInput): void {
    this.#native = native;
  }

  level(): 0 | 1 {
    try {
      return this.#native?.level() ?? 0;
    } catch (error) {
      throw nativeFault(error);
    }
  }

  onEdge(listener: (edge: LineEdge) => void): void {
    this.#onEdge = listener;
  }

  onLost(listener: (cause: Error) => void): void {
    this.#onLost = listener;
  }

  close(): void {
    this.#isClosed = true;
    this.#native?.close();
    this.#onClose(this);
  }

  take({ events, lost }: InputBatch): void {
    for (const { level, atMs, sequence } of events) {
      // A listener may close the line in the middle of a batch.
      if (this.#isClosed) return;
      this.#onEdge({ level, atMs, count: sequence });
    }
    if (lost === null || this.#isClosed) return;
    this.#onLost(
      new FeederError('ERR_HARDWARE_FAULT', { message: `The GPIO chip went away (${lost}).` }),
    );
  }
}

class NativeOutputLine implements OutputLine {
  readonly #native: NativeOutput;
  readonly #onClose: (line: HeldLine) => void;

  constructor(native: NativeOutput, onClose: (line: HeldLine) => void) {
    this.#native = native;
    this.#onClose = onClose;
  }

  set(level: 0 | 1): void {
    try {
      this.#native.set(level);
    } catch (error) {
      throw nativeFault(error);
    }
  }

  close(): void {
    this.#native.close();
    this.#onClose(this);
  }
}
