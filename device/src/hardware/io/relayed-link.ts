import type { MessagePort } from 'node:worker_threads';
import { FeederError } from '@cat-feeder/shared';
import { WAITING_BYTES_MAX } from './reconnecting-port.ts';
import type { SerialLink } from './serial-link.ts';

/*
 * A serial port for another thread. The package serialport reads by the main thread's event loop
 * alone: in a worker its first byte aborts the whole program (node-serialport #2748, #2974). So the
 * port is open in the main thread, and its bytes go to and fro by messages.
 */

type ToWorker =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly isOpen: boolean; readonly why: string | null }
  | { readonly kind: 'written'; readonly id: number; readonly trouble: string | null };

type ToMain =
  | { readonly kind: 'write'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'close' };

/** In the main thread: lets the thread at the other end of the channel use the link, as its only user. */
export function relayLink(link: SerialLink, channel: MessagePort): void {
  const tell = (message: ToWorker) => channel.postMessage(message);
  link.onBytes((bytes) => tell({ kind: 'bytes', bytes: Uint8Array.from(bytes) }));
  link.onLink(({ isOpen, why }) => tell({ kind: 'link', isOpen, why }));
  channel.on('message', (message: ToMain) => {
    if (message.kind === 'close') {
      void link.close();
      channel.close();
      return;
    }
    const { id, bytes } = message;
    link.write(bytes).then(
      () => tell({ kind: 'written', id, trouble: null }),
      (error: unknown) => {
        const trouble = error instanceof Error ? error.message : String(error);
        tell({ kind: 'written', id, trouble });
      },
    );
  });
  // The thread at the other end is gone: nobody uses the port any more.
  channel.on('close', () => void link.close());
  channel.unref();
  tell({ kind: 'link', isOpen: link.isOpen, why: link.why });
}

type Waiting = {
  readonly byteCount: number;
  readonly settle: (trouble: string | null) => void;
};

/** In a worker: the link that the main thread relays. */
export class RelayedLink implements SerialLink {
  readonly #channel: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #isOpen = false;
  #why: string | null = 'The port is being opened.';
  #isClosed = false;
  #nextId = 0;
  #waitingBytes = 0;
  #bytesListener: (bytes: Uint8Array) => void = () => {};
  #linkListener: (link: { isOpen: boolean; why: string | null }) => void = () => {};

  constructor(channel: MessagePort) {
    this.#channel = channel;
    channel.on('message', (message: ToWorker) => this.#take(message));
    channel.on('close', () => this.#turn(false, 'The main thread gave the port up.'));
    channel.unref();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get why(): string | null {
    return this.#why;
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#bytesListener = listener;
  }

  onLink(listener: (link: { isOpen: boolean; why: string | null }) => void): void {
    this.#linkListener = listener;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.#isOpen) return Promise.reject(fault(this.#why ?? 'The port is closed.'));
    if (this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) {
      return Promise.reject(fault('The main thread takes no more bytes for the port.'));
    }
    const id = this.#nextId++;
    this.#waitingBytes += bytes.length;
    this.#post({ kind: 'write', id, bytes });
    return new Promise((resolve, reject) => {
      const settle = (trouble: string | null) => {
        if (trouble === null) resolve();
        else reject(fault(trouble));
      };
      this.#waiting.set(id, { byteCount: bytes.length, settle });
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#post({ kind: 'close' });
    this.#turn(false, 'The port was closed.');
  }

  #post(message: ToMain): void {
    this.#channel.postMessage(message);
  }

  #take(message: ToWorker): void {
    if (this.#isClosed) return;
    if (message.kind === 'bytes') this.#bytesListener(message.bytes);
    else if (message.kind === 'link') this.#turn(message.isOpen, message.why);
    else this.#settle(message.id, message.trouble);
  }

  #settle(id: number, trouble: string | null): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#waitingBytes -= waiting.byteCount;
    waiting.settle(trouble);
  }

  #turn(isOpen: boolean, why: string | null): void {
    const isNews = isOpen !== this.#isOpen || why !== this.#why;
    this.#isOpen = isOpen;
    this.#why = why;
    if (!isOpen) for (const id of [...this.#waiting.keys()]) this.#settle(id, why);
    if (isNews && !this.#isClosed) this.#linkListener({ isOpen, why });
  }
}

function fault(message: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message });
}
