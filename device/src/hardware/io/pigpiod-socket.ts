import type { Socket } from 'node:net';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { backOffMs, type Chance } from '../../platform/back-off.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';

/** pigpiod's commands that are used (its socket interface, by number). */
export const commands = {
  MODES: 0,
  WRITE: 4,
  PIGPV: 26,
  WVAG: 28,
  WVHLT: 33,
  WVCRE: 49,
  WVDEL: 50,
  WVTX: 51,
  WVNEW: 53,
} as const;

export type Command = (typeof commands)[keyof typeof commands];

/** One command; an extension is sent behind it. */
export interface Request {
  readonly command: Command;
  readonly p1?: number;
  readonly p2?: number;
  readonly extension?: Uint8Array;
}

/** Four words, lowest byte first: command, p1, p2, and p3 or the result. */
export const FRAME_BYTES = 16;
/** The daemon answers within a few ms; one that does not has hung. */
export const ANSWER_MS_MAX: Milliseconds = 500;
/** No more answers than this are waited for. */
const WAITING_MAX = 64;

export interface PigpiodSocketParts {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Called whenever the daemon can be spoken to. */
  readonly onOpen: () => void;
  /** Called when it can no longer. */
  readonly onGone: () => void;
}

/** The bytes of a request. */
export function requestBytes({ command, p1 = 0, p2 = 0, extension }: Request): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + (extension?.length ?? 0));
  const view = new DataView(bytes.buffer);
  for (const [at, word] of [command, p1, p2, extension?.length ?? 0].entries()) {
    view.setUint32(4 * at, word, true);
  }
  if (extension !== undefined) bytes.set(extension, FRAME_BYTES);
  return bytes;
}

type Waiting = { readonly command: Command; readonly settle: (result: number | Error) => void };

/** A connection to pigpiod that comes back by itself. Answers come in the order of the requests. */
export class PigpiodSocket {
  readonly #parts: PigpiodSocketParts;
  #socket: Socket | null = null;
  #isOpen = false;
  #isClosed = false;
  #failures = 0;
  #why: string | null = 'The connection to pigpiod is being opened.';
  #heard = Buffer.alloc(0);
  #waiting: Waiting[] = [];
  #cancelRetry: Cancel = () => {};
  #cancelAnswer: Cancel = () => {};

  constructor(parts: PigpiodSocketParts) {
    this.#parts = parts;
    this.#connect();
  }

  get why(): string | null {
    return this.#why;
  }

  /**
   * Sends the requests as one piece and gives their results, in order. Rejects with
   * ERR_HARDWARE_FAULT when the daemon is away, hangs, or refuses one (a negative result).
   */
  async ask(requests: readonly Request[]): Promise<readonly number[]> {
    const socket = this.#socket;
    if (!this.#isOpen || socket === null) throw fault(this.#why ?? 'pigpiod is away.');
    if (this.#waiting.length + requests.length > WAITING_MAX) throw fault('pigpiod is overrun.');
    const answers = requests.map(
      ({ command }) =>
        new Promise<number>((resolve, reject) => {
          const settle = (result: number | Error) =>
            typeof result === 'number' ? resolve(result) : reject(result);
          this.#waiting.push({ command, settle });
        }),
    );
    socket.write(Buffer.concat(requests.map(requestBytes)));
    this.#awaitAnswer();
    const results = await Promise.allSettled(answers);
    return results.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
  }

  /** Idempotent. What was asked before is still sent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelRetry();
    this.#why = 'The connection to pigpiod was closed.';
    this.#socket?.end();
    this.#forget(this.#why);
  }

  #connect(): void {
    const { host, port } = this.#parts;
    // Loaded by the feeders that have a pigpiod: it costs each thread most of a megabyte.
    const { connect } = process.getBuiltinModule('node:net');
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    this.#heard = Buffer.alloc(0);
    let trouble: Error | null = null;
    socket.on('connect', () => {
      this.#isOpen = true;
      this.#why = null;
      this.#parts.onOpen();
    });
    socket.on('data', (bytes: Buffer) => this.#hear(bytes));
    socket.on('error', (error) => {
      trouble = error;
    });
    socket.on('close', () => this.#lose(trouble));
  }

  #lose(trouble: Error | null): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#socket = null;
    if (this.#isClosed) return;
    const { host, port, clock, chance, onGone } = this.#parts;
    const isRefused = trouble !== null && /ECONNREFUSED|ENOENT/.test(trouble.message);
    const why = isRefused
      ? `Nothing answers at ${host}:${port}: start pigpiod (systemctl enable --now pigpiod).`
      : 'The connection to pigpiod broke.';
    this.#forget(why);
    this.#failures = wasOpen ? 1 : this.#failures + 1;
    const waitMs = backOffMs(this.#failures, chance);
    this.#cancelRetry = clock.after('pigpiod reconnect', waitMs, () => this.#connect());
    if (wasOpen) onGone();
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    while (this.#heard.length >= FRAME_BYTES) {
      const command = this.#heard.readUInt32LE(0);
      const result = this.#heard.readInt32LE(12);
      this.#heard = this.#heard.subarray(FRAME_BYTES);
      const waiting = this.#waiting.shift();
      if (waiting === undefined || waiting.command !== command) {
        // Answers and questions no longer belong together.
        waiting?.settle(fault('pigpiod answers what was not asked.'));
        this.#socket?.destroy();
        return;
      }
      waiting.settle(
        result < 0 ? fault(`pigpiod refuses command ${command}: error ${result}.`) : result,
      );
      this.#awaitAnswer();
    }
  }

  #awaitAnswer(): void {
    this.#cancelAnswer();
    if (this.#waiting.length === 0) return;
    this.#cancelAnswer = this.#parts.clock.after('pigpiod answer', ANSWER_MS_MAX, () => {
      this.#socket?.destroy();
    });
  }

  #forget(why: string): void {
    this.#why = why;
    this.#cancelAnswer();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { settle } of waiting) settle(fault(why));
  }
}

function fault(message: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message });
}
