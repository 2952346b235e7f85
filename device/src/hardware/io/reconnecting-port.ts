import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { backOffMs, type Chance } from '../../platform/back-off.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { SerialLink } from './serial-link.ts';
import type { OpenPort, OpenSerial, SerialSettings } from './serial-port.ts';

/** No more bytes than this wait to be written. */
export const WAITING_BYTES_MAX = 4096;
/** An attempt to open, or a write, that takes longer has hung. */
export const OPEN_TIMEOUT_MS: Milliseconds = 5000;
export const WRITE_TIMEOUT_MS: Milliseconds = 2000;
/** A port that stayed open for so long has recovered: the next failure counts as the first. */
export const STEADY_MS: Milliseconds = 10_000;

export interface ReconnectingPortParts {
  readonly settings: SerialSettings;
  readonly open: OpenSerial;
  readonly clock: Clock;
  readonly chance: Chance;
}

type Link = { readonly isOpen: boolean; readonly why: string | null };

/*
 * A serial port that comes back by itself.
 *
 *   opening --opened--> open --gone, or a write fails or hangs--> waiting
 *      ^ \--refused, or 5 s--> waiting                      |
 *      \------------------- back-off is over ---------------/
 *   any --close()--> closed (for good)
 *
 * I1 At most one attempt or one open port exists at a time; what comes late is closed unseen.
 * I2 Bytes are written only to the port that was open when they were given; none outlive it.
 */

/** A serial port that may vanish and come back; it opens itself when it is made. */
export class ReconnectingPort implements SerialLink {
  readonly #parts: ReconnectingPortParts;
  /** Counts attempts; what belongs to an older one is no longer heard. */
  #attempt = 0;
  #failures = 0;
  #port: OpenPort | null = null;
  #openedAtMs: Milliseconds = 0;
  #link: Link = { isOpen: false, why: 'The port is being opened.' };
  #isClosed = false;
  #waitingBytes = 0;
  #cancelTimer: Cancel = () => {};
  #bytesListener: (bytes: Uint8Array) => void = () => {};
  #linkListener: (link: Link) => void = () => {};

  constructor(parts: ReconnectingPortParts) {
    this.#parts = parts;
    this.#open();
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  get why(): string | null {
    return this.#link.why;
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#bytesListener = listener;
  }

  onLink(listener: (link: Link) => void): void {
    this.#linkListener = listener;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    if (port === null) throw fault(this.#link.why ?? 'The port is closed.');
    if (this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) {
      throw fault(`${this.#path} takes no more bytes: ${this.#waitingBytes} wait already.`);
    }
    const attempt = this.#attempt;
    this.#waitingBytes += bytes.length;
    const stuck = `${this.#path} took no bytes for ${WRITE_TIMEOUT_MS / 1000} s.`;
    try {
      await this.#within('serial write', WRITE_TIMEOUT_MS, stuck, port.write(bytes));
    } catch (error) {
      const why = sentenceOf(error);
      this.#lose(attempt, why);
      throw fault(why, error);
    } finally {
      if (attempt === this.#attempt) this.#waitingBytes -= bytes.length;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const port = this.#leave();
    this.#link = { isOpen: false, why: 'The port was closed.' };
    await port?.close();
  }

  get #path(): string {
    return this.#parts.settings.path;
  }

  #open(): void {
    const { open, settings } = this.#parts;
    const attempt = this.#attempt;
    const opening = open(settings, {
      onBytes: (bytes) => {
        if (attempt === this.#attempt) this.#bytesListener(bytes);
      },
      onGone: (why) => this.#lose(attempt, why),
    });
    // A port that opens after it was given up is closed unseen (I1).
    opening.then(
      (port) => {
        if (attempt !== this.#attempt) void port.close();
      },
      () => {},
    );
    const hung = `${this.#path} does not open.`;
    this.#within('serial open', OPEN_TIMEOUT_MS, hung, opening).then(
      (port) => this.#arrive(attempt, port),
      (error: unknown) => this.#lose(attempt, sentenceOf(error)),
    );
  }

  #arrive(attempt: number, port: OpenPort): void {
    if (attempt !== this.#attempt) return;
    this.#port = port;
    this.#openedAtMs = this.#parts.clock.monoMs();
    this.#tell({ isOpen: true, why: null });
  }

  /** Gives the port up and tries again later; does nothing for an attempt that is over. */
  #lose(attempt: number, why: string): void {
    if (attempt !== this.#attempt) return;
    const { clock, chance } = this.#parts;
    if (this.#port !== null && clock.monoMs() - this.#openedAtMs >= STEADY_MS) this.#failures = 0;
    this.#failures += 1;
    void this.#leave()?.close();
    const waitMs = backOffMs(this.#failures, chance);
    this.#cancelTimer = clock.after('serial reconnect', waitMs, () => this.#open());
    this.#tell({ isOpen: false, why });
  }

  /** Ends the present attempt; what is returned must be closed. */
  #leave(): OpenPort | null {
    this.#attempt += 1;
    this.#waitingBytes = 0;
    this.#cancelTimer();
    const port = this.#port;
    this.#port = null;
    return port;
  }

  #tell(link: Link): void {
    const isNews = link.isOpen !== this.#link.isOpen || link.why !== this.#link.why;
    this.#link = link;
    if (isNews) this.#linkListener(link);
  }

  /** The work's result, or a fault with this sentence when it takes too long. */
  async #within<T>(name: string, ms: Milliseconds, sentence: string, work: Promise<T>): Promise<T> {
    let cancel: Cancel = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#parts.clock.after(name, ms, () => reject(fault(sentence)));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }
}

function fault(message: string, cause?: unknown): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message, cause });
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
