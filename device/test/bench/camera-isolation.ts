import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { signalGroup, spawnGroup } from '../../src/hardware/camera/process-group.ts';
import { loadProfile } from '../../src/hardware/simulated/load-profile.ts';
import { measureAccuracy } from '../../src/simulation/accuracy.ts';
import type { AccuracyReport } from '../../src/simulation/accuracy-report.ts';
import { cpuMsOf, percentile } from './proc-figures.ts';

const PROFILE = resolve(import.meta.dirname, '../../profiles/harsh.json');

/** An encoder without a pause, as the camera's programs are started: one core, all of it. */
const greedy = [
  ...['ffmpeg', '-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=15'],
  ...['-c:v', 'libx264', '-preset', 'medium', '-threads', '1', '-f', 'null', '-'],
] as const;

interface Run {
  readonly shown: {
    readonly cameraCpuPercent: number;
    /** How late a thread wakes up that wants to 80 times a second. */
    readonly lateMs: { readonly p50: number; readonly p99: number; readonly max: number };
  };
  readonly accuracy: AccuracyReport;
}

/** The loop's lateness and the accuracy of portions: camera off, on at 100 % of a core, off again. */
export async function isolationFigures(seconds: number, feedings: number) {
  const off1 = await run(false, seconds, feedings);
  const on = await run(true, seconds, feedings);
  const off2 = await run(false, seconds, feedings);
  const p95 = ({ accuracy }: Run) => accuracy.errorGrams.p95;
  const isSame = JSON.stringify(on.accuracy) === JSON.stringify(off1.accuracy);
  return {
    ...{ off1: off1.shown, on: on.shown, off2: off2.shown },
    lateP99NoiseMs: round(Math.abs(off1.shown.lateMs.p99 - off2.shown.lateMs.p99)),
    accuracy: { feedings, p95Grams: [p95(off1), p95(on), p95(off2)], isSame },
  };
}

async function run(hasCamera: boolean, seconds: number, feedings: number): Promise<Run> {
  const camera = hasCamera ? spawnGroup(greedy, { stdio: 'ignore' }) : null;
  const pid = camera?.pid ?? 0;
  const startMs = performance.now();
  try {
    const late = await lateness(seconds);
    const cpuMs = camera === null ? 0 : cpuMsOf(pid);
    const tookMs = performance.now() - startMs;
    const accuracy = await measureAccuracy(loadProfile(PROFILE), {
      ...{ profile: 'harsh', feedings, seed: 1, portionGrams: null },
    });
    const shown = {
      cameraCpuPercent: Math.round((100 * cpuMs) / tookMs),
      lateMs: {
        p50: round(percentile(late, 0.5)),
        p99: round(percentile(late, 0.99)),
        max: round(Math.max(...late)),
      },
    };
    return { shown, accuracy };
  } finally {
    if (camera !== null) signalGroup(camera, 'SIGKILL');
  }
}

function lateness(seconds: number): Promise<readonly number[]> {
  return new Promise((resolveLate, reject) => {
    const worker = new Worker(new URL('./late-worker.ts', import.meta.url), {
      workerData: { seconds },
    });
    worker.once('message', resolveLate);
    worker.once('error', reject);
  });
}

const round = (value: number) => Math.round(value * 1000) / 1000;
