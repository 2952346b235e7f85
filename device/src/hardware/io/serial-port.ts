import assert from 'node:assert/strict';
import { isMainThread } from 'node:worker_threads';
import { FeederError } from '@cat-feeder/shared';
import { endAtHangUp, isPortBinding } from './serial-hang-up.ts';

/**
 * How a serial port is set; 8 data bits, no parity, 1 stop bit and no flow control everywhere. The
 * RFIDRW-E-TTL tells by its CTS line when it hears commands; it is told but one, which is said again
 * until it answers, so that line stays unwired.
 */
export interface SerialSettings {
  /** A device path; the names under /dev/serial/by-id survive another order of plugging. */
  readonly path: string;
  readonly baudRate: number;
}

/** What an open port tells; nothing after `onGone`. */
export interface SerialListeners {
  onBytes(bytes: Uint8Array): void;
  /** It closed without being asked to: `why` is a sentence. */
  onGone(why: string): void;
}

/** A port that is open. */
export interface OpenPort {
  /** Resolves when the system has taken the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when it is closed; never rejects. Idempotent. */
  close(): Promise<void>;
}

/** One attempt to open a port. Rejects with an error whose message is a sentence for people. */
export type OpenSerial = (
  settings: SerialSettings,
  listeners: SerialListeners,
) => Promise<OpenPort>;

/**
 * Opens a port of this machine, locked against other programs, by the package serialport. In the
 * main thread only: other threads use the relay.
 */
export const openSerialPort: OpenSerial = async (settings, listeners) => {
  assert(isMainThread, 'serialport reads in the main thread only: give a worker the relay');
  // Loaded here, so that a feeder without serial parts never pays for it.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({
    path: settings.path,
    baudRate: settings.baudRate,
    lock: true,
    autoOpen: false,
  });
  let isWanted = true;
  const gone = (error: Error | null | undefined) => {
    if (!isWanted) return;
    isWanted = false;
    listeners.onGone(closedSentence(settings.path, error));
  };
  // Before the first reading, which the stream begins with this event.
  port.prependOnceListener('open', () => {
    if (isPortBinding(port.port)) endAtHangUp(port.port);
  });
  port.on('data', (bytes: Buffer) => {
    if (isWanted) listeners.onBytes(bytes);
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error) reject(openError(settings.path, error));
      else resolve();
    });
  });
  port.on('close', gone);
  // An error of a write is also reported to the write; a port that reports one is not trusted on.
  port.on('error', (error: Error) => {
    gone(error);
    if (port.isOpen) port.close();
  });
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        port.write(Buffer.from(bytes), (error) => {
          if (error) reject(openError(settings.path, error));
          else resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        isWanted = false;
        if (port.isOpen) port.close(() => resolve());
        else resolve();
      }),
  };
};

/** The system's word for what is wrong with a port, as something that a person can act on. */
export function serialTrouble(path: string, message: string): string {
  if (/ENOENT|no such file/i.test(message)) {
    return `There is no ${path}: the part is unplugged or has another name.`;
  }
  if (/EACCES|permission denied/i.test(message)) {
    return `The feeder may not open ${path}: its user must be in the group dialout.`;
  }
  if (/lock|EBUSY|temporarily unavailable|resource busy/i.test(message)) {
    return `Another program holds ${path}: a console or a modem service may use it.`;
  }
  if (/ENOTTY|inappropriate ioctl|not a tty/i.test(message)) return `${path} is no serial port.`;
  return `${path} cannot be used: ${message.replace(/^Error:?\s*/, '').replace(/\.*$/, '.')}`;
}

function openError(path: string, error: Error): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', {
    message: serialTrouble(path, error.message),
    cause: error,
  });
}

function closedSentence(path: string, error: Error | null | undefined): string {
  const isUnplugged = !error || /disconnect|EIO|ENXIO|ENODEV|Bad file/i.test(error.message);
  return isUnplugged
    ? `${path} is gone: the part was unplugged.`
    : serialTrouble(path, error.message);
}
