import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ReconnectingPort } from '../../src/hardware/io/reconnecting-port.ts';
import { relayedSerial } from '../../src/hardware/io/serial-relay.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';

/** A thread that sends back in capitals what its port gives it, and tells of its link. */
const { channel, path } = workerData as { channel: MessagePort; path: string };
const link = new ReconnectingPort({
  settings: { path, baudRate: 115_200 },
  open: relayedSerial(channel),
  clock: new SystemClock(),
  chance: () => 0,
});
link.onLink(({ isOpen, why }) => parentPort?.postMessage(isOpen ? 'open' : why));
link.onBytes((bytes) => {
  const text = Buffer.from(bytes).toString('latin1');
  if (text === 'end') void link.close();
  else link.write(Buffer.from(text.toUpperCase())).catch(() => {});
});
// The channel alone keeps no thread alive.
parentPort?.on('message', () => {});
