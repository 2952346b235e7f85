import { read as readFd } from 'node:fs';
import { promisify } from 'node:util';

/** So much of serialport's open port as is needed here; its Linux one has it all. */
export interface PortBinding {
  readonly fd: number | null;
  readonly poller: {
    once(event: 'readable', told: (error: Error | null) => void): unknown;
  };
  read(buffer: Buffer, offset: number, length: number): Promise<Filled>;
}

interface Filled {
  readonly buffer: Buffer;
  readonly bytesRead: number;
}

const readSome = promisify(readFd);

/** Whether this is a port as it is on Linux. */
export function isPortBinding(port: unknown): port is PortBinding {
  return typeof port === 'object' && port !== null && 'fd' in port && 'poller' in port;
}

/**
 * Makes a port end when its terminal has hung up. A terminal that was pulled gives no error but no
 * bytes, for ever. serialport 13 takes that for "nothing yet" and asks again at once, without end and
 * with more memory each time (serialport/bindings-cpp#162): the plug's absence would never be told,
 * and the feeder would die of it in the end. A terminal that only has nothing yet says EAGAIN.
 */
export function endAtHangUp(port: PortBinding): void {
  port.read = async (buffer, offset, length) => {
    // Each round waits until the system has something to tell; a closed port ends the wait by an error.
    for (;;) {
      const bytesRead = await readOnce(port, buffer, { offset, length });
      if (bytesRead !== null) return { buffer, bytesRead };
      // It may have been closed meanwhile, and the poller of a closed port crashes when it is asked.
      if (port.fd === null) throw closedFault();
      await readable(port);
    }
  };
}

/** How many bytes came; null: none yet. Rejects when the port is gone. */
async function readOnce(
  { fd }: PortBinding,
  buffer: Buffer,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<number | null> {
  if (fd === null) throw closedFault();
  try {
    const { bytesRead } = await readSome(fd, buffer, offset, length, null);
    if (bytesRead > 0) return bytesRead;
  } catch (error) {
    if (isNothingYet(error)) return null;
    throw error;
  }
  throw Object.assign(new Error('EIO: the terminal hung up'), { code: 'EIO' });
}

/** As serialport tells its own stream that it was closed on purpose. */
function closedFault(): Error {
  return Object.assign(new Error('The port is not open'), { canceled: true });
}

function isNothingYet(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EAGAIN' || code === 'EINTR';
}

function readable(port: PortBinding): Promise<void> {
  return new Promise((resolve, reject) => {
    port.poller.once('readable', (error) => (error === null ? resolve() : reject(error)));
  });
}
