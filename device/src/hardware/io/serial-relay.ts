import type { MessagePort } from 'node:worker_threads';
import { FeederError } from '@cat-feeder/shared';
import type { OpenPort, OpenSerial, SerialListeners, SerialSettings } from './serial-port.ts';

/*
 * Serial ports for another thread. The package serialport reads by the main thread's event loop
 * alone: in a worker its first byte aborts the whole program (node-serialport #2748, #2974). So ports
 * are open in the main thread, and their bytes go to and fro by messages.
 */

type ToMain =
  | { readonly kind: 'open'; readonly port: number; readonly settings: SerialSettings }
  | {
      readonly kind: 'write';
      readonly port: number;
      readonly id: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'close'; readonly port: number; readonly id: number };

type ToWorker =
  | { readonly kind: 'opened'; readonly port: number; readonly trouble: string | null }
  | { readonly kind: 'bytes'; readonly port: number; readonly bytes: Uint8Array }
  | { readonly kind: 'gone'; readonly port: number; readonly why: string }
  | { readonly kind: 'done'; readonly id: number; readonly trouble: string | null };

const NOT_OPEN = 'The port is not open.';

/** In the main thread: opens ports for the thread at the other end, and closes them when it ends. */
export function serveSerial(channel: MessagePort, open: OpenSerial): void {
  const ports = new Map<number, OpenPort>();
  let isOver = false;
  const tell = (message: ToWorker) => channel.postMessage(message);
  const begin = async (port: number, settings: SerialSettings) => {
    const opened = await open(settings, {
      onBytes: (bytes) => tell({ kind: 'bytes', port, bytes: Uint8Array.from(bytes) }),
      onGone: (why) => {
        ports.delete(port);
        tell({ kind: 'gone', port, why });
      },
    });
    // The thread ended while the port was being opened.
    if (isOver) await opened.close();
    else ports.set(port, opened);
  };
  const finish = (id: number, work: Promise<void>) =>
    work.then(
      () => tell({ kind: 'done', id, trouble: null }),
      (error: unknown) => tell({ kind: 'done', id, trouble: sentenceOf(error) }),
    );
  channel.on('message', (message: ToMain) => {
    const { port } = message;
    if (message.kind === 'open') {
      begin(port, message.settings).then(
        () => tell({ kind: 'opened', port, trouble: null }),
        (error: unknown) => tell({ kind: 'opened', port, trouble: sentenceOf(error) }),
      );
      return;
    }
    const opened = ports.get(port);
    if (message.kind === 'close') ports.delete(port);
    if (message.kind === 'close') void finish(message.id, opened?.close() ?? Promise.resolve());
    else void finish(message.id, opened?.write(message.bytes) ?? Promise.reject(fault(NOT_OPEN)));
  });
  channel.on('close', () => {
    isOver = true;
    for (const opened of ports.values()) void opened.close();
    ports.clear();
  });
  channel.unref();
}

type Settle = (trouble: string | null) => void;

/** In a worker: opens ports through the main thread that serves the other end of the channel. */
export function relayedSerial(channel: MessagePort): OpenSerial {
  /** Ports that are being opened, or are open. */
  const listeners = new Map<number, SerialListeners>();
  const opening = new Map<number, Settle>();
  const waiting = new Map<number, Settle>();
  let next = 0;
  const settle = (among: Map<number, Settle>, id: number, trouble: string | null) => {
    among.get(id)?.(trouble);
    among.delete(id);
  };
  channel.on('message', (message: ToWorker) => {
    if (message.kind === 'opened') settle(opening, message.port, message.trouble);
    else if (message.kind === 'done') settle(waiting, message.id, message.trouble);
    else if (message.kind === 'bytes') listeners.get(message.port)?.onBytes(message.bytes);
    else {
      const told = listeners.get(message.port);
      listeners.delete(message.port);
      told?.onGone(message.why);
    }
  });
  channel.unref();
  const answer = (among: Map<number, Settle>, id: number, message: ToMain) =>
    new Promise<void>((resolve, reject) => {
      among.set(id, (trouble) => (trouble === null ? resolve() : reject(fault(trouble))));
      channel.postMessage(message);
    });
  return async (settings, told) => {
    const port = next++;
    listeners.set(port, told);
    try {
      await answer(opening, port, { kind: 'open', port, settings });
    } catch (error) {
      listeners.delete(port);
      throw error;
    }
    return {
      write: (bytes) => {
        const id = next++;
        return answer(waiting, id, { kind: 'write', port, id, bytes });
      },
      close: () => {
        listeners.delete(port);
        const id = next++;
        return answer(waiting, id, { kind: 'close', port, id });
      },
    };
  };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fault(message: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message });
}
