import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CameraView, ClipsPage, Feeding } from '@cat-feeder/shared';
import { loadProfile } from '../../src/hardware/simulated/load-profile.ts';
import { measureAccuracy } from '../../src/simulation/accuracy.ts';
import type { AccuracyReport } from '../../src/simulation/accuracy-report.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';
import { probeFile } from './loop-probe.ts';
import { cpuMsOf, percentile, programsThatName } from './proc-figures.ts';

/*
 * Real daemons on the simulated board, in real time, each with a world of its own from the same
 * seed: without a camera, with one whose encoder takes a whole core, and without again. What differs
 * between the two without is noise.
 */

const PORTION_GRAMS = 6;
const FEEDING_LIMIT_MS = 90_000;
const RUNNING_LIMIT_MS = 60_000;
const ENCODER_SETTLE_MS = 5000;
/** Between two portions the scale comes to rest. */
const PAUSE_MS = 500;
const PROFILE = resolve(import.meta.dirname, '../../profiles/harsh.json');
/** Portions of the simulator beside each run: in virtual time, which no encoder can touch. */
const SIMULATED_FEEDINGS = 200;

interface Served {
  readonly result: string | null;
  /** What the daemon recorded, and what truly lay in the bowl, beyond the portion. */
  readonly recordedGrams: number;
  readonly trueGrams: number;
  readonly tookMs: number;
}

interface Run {
  readonly cameraCpuPercent: number;
  readonly clips: number;
  readonly served: readonly Served[];
  readonly lateMs: readonly number[];
  /** Of `sim:accuracy`, run while the daemon with its camera goes on. */
  readonly accuracy: AccuracyReport;
}

/** Jitter of the control loop and feedings: off, on at 100 % of a core, off; so many rounds of it. */
export async function isolationFigures(rounds: number, feedings: number) {
  const runs = { off1: [] as Run[], on: [] as Run[], off2: [] as Run[] };
  for (let round = 0; round < rounds; round++) {
    const seed = round + 1;
    runs.off1.push(await run(false, seed, feedings));
    runs.on.push(await run(true, seed, feedings));
    runs.off2.push(await run(false, seed, feedings));
  }
  const off1 = shownOf(runs.off1);
  const on = shownOf(runs.on);
  const off2 = shownOf(runs.off2);
  const beyond = (read: (shown: typeof on) => number) => {
    const [low, high] = [read(off1), read(off2)].sort((a, b) => a - b);
    return rounded({ noise: (high ?? 0) - (low ?? 0), on: read(on) - (high ?? 0) });
  };
  const reports = [...runs.off1, ...runs.on, ...runs.off2].map((one) => one.accuracy);
  return {
    portionGrams: PORTION_GRAMS,
    isAccuracySame: new Set(reports.map((report) => JSON.stringify(report))).size === 1,
    off1,
    on,
    off2,
    /** The noise between the two runs without, and how much the one with is above the worse of them. */
    beyond: {
      lateP50Ms: beyond(({ lateMs }) => lateMs.p50),
      lateP99Ms: beyond(({ lateMs }) => lateMs.p99),
      trueErrorMeanGrams: beyond(({ trueErrorGrams }) => trueErrorGrams.mean),
      recordErrorMeanGrams: beyond(({ recordErrorGrams }) => recordErrorGrams.mean),
    },
  };
}

function shownOf(runs: readonly Run[]) {
  const served = runs.flatMap((one) => one.served);
  const late = runs.flatMap(({ lateMs }) => lateMs);
  const errorOf = (grams: readonly number[]) => {
    const absolute = grams.map(Math.abs);
    const mean = absolute.reduce((sum, one) => sum + one, 0) / absolute.length;
    return rounded({ mean, p95: percentile(absolute, 0.95), max: Math.max(...absolute) });
  };
  const results: Record<string, number> = {};
  for (const { result } of served) results[String(result)] = (results[String(result)] ?? 0) + 1;
  return {
    cameraCpuPercent: runs.map(({ cameraCpuPercent }) => Math.round(cameraCpuPercent)),
    clips: runs.reduce((sum, { clips }) => sum + clips, 0),
    results,
    timers: late.length,
    lateMs: rounded({
      p50: percentile(late, 0.5),
      p99: percentile(late, 0.99),
      p999: percentile(late, 0.999),
      max: Math.max(...late),
    }),
    /** True grams against the portion; recorded grams against true ones. */
    trueErrorGrams: errorOf(served.map(({ trueGrams }) => trueGrams - PORTION_GRAMS)),
    recordErrorGrams: errorOf(served.map((one) => one.recordedGrams - one.trueGrams)),
    tookMs: rounded({
      p50: percentile(
        served.map((one) => one.tookMs),
        0.5,
      ),
    }),
  };
}

async function run(hasCamera: boolean, seed: number, feedings: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-isolation-'));
  const ringDir = mkdtempSync('/dev/shm/feeder-isolation-');
  const daemon = new DaemonProcess({
    entry: 'source',
    args: [
      'run',
      ...['--hardware', 'simulated', '--simulation-seed', String(seed), '--port', '0'],
      ...['--data-dir', join(folder, 'data'), '--trust-wall-clock'],
    ],
    nodeFlags: ['--import', resolve(import.meta.dirname, 'loop-probe.ts')],
    environment: hasCamera ? greedyCamera(folder, ringDir) : {},
  });
  try {
    const ask = askerOf(await daemon.ready());
    await ask('/settings', { manualGapSeconds: 0 }, 'PATCH');
    const pid = hasCamera ? await encoderOf(ask, ringDir) : null;
    await delay(ENCODER_SETTLE_MS);
    const begin = { cpuMs: pid === null ? 0 : cpuMsOf(pid), atMs: performance.now() };
    rmSync(probeFile(daemon.pid), { force: true });
    const served: Served[] = [];
    for (let count = 0; count < feedings; count++) {
      served.push(await feed(ask, count, join(folder, 'data')));
    }
    const tookMs = performance.now() - begin.atMs;
    const cpuMs = pid === null ? 0 : cpuMsOf(pid) - begin.cpuMs;
    const clips = hasCamera ? (await ask<ClipsPage>('/clips?limit=100')).items.length : 0;
    const lateMs = readFileSync(probeFile(daemon.pid), 'utf8').trim().split('\n').map(Number);
    const accuracy = await measureAccuracy(loadProfile(PROFILE), {
      ...{ profile: 'harsh', feedings: SIMULATED_FEEDINGS, seed: 1, portionGrams: null },
    });
    return { cameraCpuPercent: (100 * cpuMs) / tookMs, clips, served, lateMs, accuracy };
  } finally {
    await daemon.end();
    for (const dir of [folder, ringDir]) rmSync(dir, { recursive: true, force: true });
    rmSync(probeFile(daemon.pid), { force: true });
  }
}

/** The camera's own programs and arguments, but a preset that a core does not keep up with. */
function greedyCamera(folder: string, ringDir: string): Record<string, string> {
  const ffmpeg = join(folder, 'ffmpeg');
  writeFileSync(
    ffmpeg,
    `#!/bin/bash\ncase "$*" in\n*raw%03d.mp4*) exec ffmpeg "\${@/#ultrafast/slow}" ;;\nesac\nexec ffmpeg "$@"\n`,
  );
  writeFileSync(join(folder, 'ffprobe'), '#!/bin/sh\nexec ffprobe "$@"\n');
  for (const name of ['ffmpeg', 'ffprobe']) chmodSync(join(folder, name), 0o755);
  return {
    FEEDER_CAMERA_SOURCE: 'synthetic',
    FEEDER_CAMERA_FPS: '30',
    FEEDER_CAMERA_RING_DIR: ringDir,
    FEEDER_FFMPEG_PATH: ffmpeg,
  };
}

type Ask = <T>(path: string, body?: unknown, method?: 'POST' | 'PATCH') => Promise<T>;

function askerOf(url: string): Ask {
  return async <T>(path: string, body?: unknown, method: 'POST' | 'PATCH' = 'POST') => {
    const init =
      body === undefined
        ? {}
        : {
            method,
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json' },
          };
    const response = await fetch(`${url}/api/v1${path}`, init);
    const json = (await response.json()) as { data: T };
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json.data;
  };
}

/** The process that encodes, once the camera runs. */
async function encoderOf(ask: Ask, ringDir: string): Promise<number> {
  const startMs = performance.now();
  while ((await ask<CameraView>('/camera')).state !== 'running') {
    if (performance.now() - startMs > RUNNING_LIMIT_MS) throw new Error('The camera does not run.');
    await delay(200);
  }
  const [pid] = programsThatName(`${ringDir}/`);
  if (pid === undefined) throw new Error('There is no encoder.');
  return pid;
}

async function feed(ask: Ask, count: number, dataDir: string): Promise<Served> {
  const landed = () => {
    const text = readFileSync(join(dataDir, 'simulated-world.json'), 'utf8');
    return (JSON.parse(text) as { landedGrams: number }).landedGrams;
  };
  const before = landed();
  const wish = { requestId: `isolation-${count}`, portionGrams: PORTION_GRAMS, cause: 'person' };
  const { id } = await ask<Feeding>('/feedings', wish);
  const startMs = performance.now();
  let feeding = await ask<Feeding>(`/feedings/${id}`);
  while (feeding.state === 'running' && performance.now() - startMs < FEEDING_LIMIT_MS) {
    await delay(250);
    feeding = await ask<Feeding>(`/feedings/${id}`);
  }
  await delay(PAUSE_MS);
  const trueGrams = landed() - before;
  return {
    result: feeding.result ?? feeding.refusal,
    recordedGrams: feeding.dose?.likelyGrams ?? Number.NaN,
    trueGrams,
    tookMs: (feeding.endedAtMs ?? Number.NaN) - feeding.startedAtMs,
  };
}

function rounded<T extends Record<string, number>>(values: T): T {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    Math.round(value * 1000) / 1000,
  ]);
  return Object.fromEntries(entries) as T;
}
