import { type MessagePort, Worker } from 'node:worker_threads';
import type { Hardware } from '../../config/wiring-schema.ts';
import type { StationThread } from './worker-station.ts';

/** What the control loop's thread is told at its start. */
export interface StationThreadData {
  readonly memory: SharedArrayBuffer;
  readonly hardware: Hardware;
  /** Where the main thread opens serial ports for this one; null: it needs none. */
  readonly serial: MessagePort | null;
  /** Path of the simulated feeder's profile; null: the standard one. */
  readonly profile: string | null;
  readonly seed: number;
  readonly speed: number;
  /** Where the simulated feeder's food is kept. */
  readonly worldPath: string;
}

/** The bundle has the worker beside it; the sources have it as TypeScript. */
const suffix = import.meta.filename.endsWith('.ts') ? 'ts' : 'mjs';
const YOUNG_HEAP_MB = 1;
const STACK_MB = 1;

/** Starts the control loop's thread with a small heap of its own. It dies with this process. */
export function spawnStation(
  data: StationThreadData,
  options: { readonly heapMb: number },
): StationThread {
  const worker = new Worker(new URL(`./control-worker.${suffix}`, import.meta.url), {
    workerData: data,
    transferList: data.serial === null ? [] : [data.serial],
    name: 'control loop',
    // The thread reads no environment and no arguments.
    env: {},
    argv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: options.heapMb,
      maxYoungGenerationSizeMb: YOUNG_HEAP_MB,
      stackSizeMb: STACK_MB,
    },
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => {
      worker.on('message', listener);
    },
    onEnd: (listener) => {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : 'unknown'));
      worker.on('exit', (code) => listener(`exit code ${code}`));
    },
    terminate: () => {
      // Resolves when the thread is gone; nothing is left to do then.
      void worker.terminate();
    },
  };
}
