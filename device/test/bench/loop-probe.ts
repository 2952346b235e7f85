import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadName } from 'node:worker_threads';

/*
 * Loaded before the daemon (`--import`): notes how late each timer of the control loop's thread
 * fires, in milliseconds, into the file of `probeFile`. The thread itself knows nothing of it.
 */

/** Where the lateness of the daemon with this process id is found. */
export function probeFile(pid: number): string {
  return join(tmpdir(), `feeder-loop-${pid}.txt`);
}

/** So many are written in one go, so that the probe itself delays nothing often. */
const BATCH = 200;

if (threadName === 'control loop') {
  const plain = globalThis.setTimeout;
  let late: string[] = [];
  const noting = (fire: (...args: unknown[]) => void, waitMs = 0, ...args: unknown[]) => {
    // What Node makes of the wait: whole milliseconds, at least one.
    const dueMs = performance.now() + Math.max(1, Math.trunc(waitMs));
    return plain(() => {
      late.push((performance.now() - dueMs).toFixed(3));
      if (late.length >= BATCH) {
        appendFileSync(probeFile(process.pid), `${late.join('\n')}\n`);
        late = [];
      }
      fire(...args);
    }, waitMs);
  };
  globalThis.setTimeout = Object.assign(noting, plain) as unknown as typeof setTimeout;
}
