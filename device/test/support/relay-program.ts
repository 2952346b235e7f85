import { MessageChannel, Worker } from 'node:worker_threads';
import { type OpenSerial, openSerialPort } from '../../src/hardware/io/serial-port.ts';
import { serveSerial } from '../../src/hardware/io/serial-relay.ts';

/** A program whose worker uses the serial port named by its argument; it tells its parent. */
const path = process.argv[2] ?? '';
const tell = (message: unknown) => process.send?.(message);
let worker = startWorker();

/** Opens, and tells when the port is closed on demand. */
const openAndTell: OpenSerial = async (settings, listeners) => {
  const port = await openSerialPort(settings, listeners);
  const close = async () => {
    await port.close();
    tell('closed in the main thread');
  };
  return { ...port, close };
};

function startWorker(): Worker {
  const { port1, port2 } = new MessageChannel();
  serveSerial(port1, (settings, listeners) => openAndTell(settings, listeners));
  const thread = new Worker(new URL('./echo-worker.ts', import.meta.url), {
    workerData: { channel: port2, path },
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
  const settings = { path, baudRate: 115_200 };
  const code = `import(${JSON.stringify(source.href)}).then(({ openSerialPort }) =>
    openSerialPort(${JSON.stringify(settings)}, { onBytes() {}, onGone() {} })).catch((error) =>
    require('node:worker_threads').parentPort.postMessage(error.message));`;
  new Worker(code, { eval: true }).on('message', tell);
});
