import { parentPort, workerData } from 'node:worker_threads';

/*
 * A thread that wants to wake up 80 times a second, as the control loop's does, and notes how late
 * it is each time, in milliseconds.
 */
const EVERY_MS = 12.5;
const { seconds } = workerData as { seconds: number };
const late: number[] = [];
const startMs = performance.now();
let count = 0;

function wake(): void {
  const dueMs = startMs + count * EVERY_MS;
  late.push(performance.now() - dueMs);
  count += 1;
  if (count * EVERY_MS > seconds * 1000) parentPort?.postMessage(late);
  else setTimeout(wake, Math.max(0, startMs + count * EVERY_MS - performance.now()));
}
wake();
