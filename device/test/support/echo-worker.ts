import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { RelayedLink } from '../../src/hardware/io/relayed-link.ts';

/** A thread that sends back in capitals what its port gives it, and tells of its link. */
const link = new RelayedLink((workerData as { channel: MessagePort }).channel);
link.onLink(({ isOpen, why }) => parentPort?.postMessage(isOpen ? 'open' : why));
link.onBytes((bytes) => {
  const text = Buffer.from(bytes).toString('latin1');
  if (text === 'end') void link.close();
  else link.write(Buffer.from(text.toUpperCase())).catch(() => {});
});
// The channel alone keeps no thread alive.
parentPort?.on('message', () => {});
