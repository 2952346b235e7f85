import { MessageChannel, Worker } from 'node:worker_threads';
import { ReconnectingPort } from '../../src/hardware/io/reconnecting-port.ts';
import { relayLink } from '../../src/hardware/io/relayed-link.ts';
import { openSerialPort } from '../../src/hardware/io/serial-port.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';

/** A program whose worker uses the serial port named by its argument; it tells its parent. */
const settings = { path: process.argv[2] ?? '', baudRate: 115_200 };
const tell = (message: unknown) => process.send?.(message);
let worker = startWorker();

function startWorker(): Worker {
  const { port1, port2 } = new MessageChannel();
  const port = new ReconnectingPort({
    settings,
    open: openSerialPort,
    clock: new SystemClock(),
    chance: () => 0,
  });
  relayLink(port, port1);
  const watch = setInterval(() => {
    if (port.why !== 'The port was closed.') return;
    clearInterval(watch);
    tell(port.why);
  }, 5);
  const thread = new Worker(new URL('./echo-worker.ts', import.meta.url), {
    workerData: { channel: port2 },
    transferList: [port2],
  });
  thread.on('message', tell);
  return thread;
}

process.on('message', (order) => {
  if (order === 'kill worker') void worker.terminate();
  if (order === 'new worker') worker = startWorker();
  if (order !== 'open in worker') return;
  const source = new URL('../../src/hardware/io/serial-port.ts', import.meta.url);
  const code = `import(${JSON.stringify(source.href)}).then(({ openSerialPort }) =>
    openSerialPort(${JSON.stringify(settings)}, { onBytes() {}, onGone() {} })).catch((error) =>
    require('node:worker_threads').parentPort.postMessage(error.message));`;
  new Worker(code, { eval: true }).on('message', tell);
});
