import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CameraView, ClipsPage, Feeding } from '@cat-feeder/shared';
import { loadProfile } from '../../src/hardware/simulated/load-profile.ts';
import { measureAccuracy } from '../../src/simulation/accuracy.ts';
import type { AccuracyReport } from '../../src/simulation/accuracy-report.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';
import { isWriter, segmentsIn } from './camera-faults.ts';
import { probeFile } from './loop-probe.ts';
import { cpuMsOf, percentile, programsThatName } from './proc-figures.ts';

/*
 * Real daemons on the simulated board, in real time, each with a world of its own from the same
 * seed: without a camera, with one whose encoder takes a whole core and which makes clips while
 * portions are served, and without again. What differs between the two without is noise. Then one
 * with a real fault of the camera in the middle of each portion.
 */

const PORTION_GRAMS = 6;
const FEEDING_LIMIT_MS = 90_000;
const RUNNING_LIMIT_MS = 60_000;
const ENCODER_SETTLE_MS = 3000;
/** Between two portions the scale comes to rest. */
const PAUSE_MS = 500;
const LOOK_MS = 500;
/** The motor turns by then. */
const FAULT_AFTER_MS = 3000;
const PROFILE = resolve(import.meta.dirname, '../../profiles/harsh.json');
/** Portions of the simulator beside each run: in virtual time, which no encoder can touch. */
const SIMULATED_FEEDINGS = 200;

type Kind = 'off1' | 'on' | 'off2' | 'faulted';

interface Served {
  readonly result: string | null;
  /** What the daemon recorded, and what truly lay in the bowl, beyond the portion. */
  readonly recordedGrams: number;
  readonly trueGrams: number;
  readonly tookMs: number;
}

interface Run {
  /** Of one core, by the encoder; and how many encoders there were, one after the other. */
  readonly cpuPercent: number;
  readonly encoders: number;
  readonly clips: number;
  readonly served: readonly Served[];
  readonly lateMs: readonly number[];
  /** Of `sim:accuracy`, run while the daemon with its camera goes on. */
  readonly accuracy: AccuracyReport;
}

/** Jitter of the control loop and feedings: off, on at 100 % of a core, off; so many rounds of it. */
export async function isolationFigures(
  rounds: number,
  feedings: number,
  say: (line: string) => void,
) {
  const runs: Record<Kind, Run[]> = { off1: [], on: [], off2: [], faulted: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of ['off1', 'on', 'off2'] as const) {
      runs[kind].push(await run(kind, round + 1, feedings));
      say(`${kind} ${JSON.stringify(shownOf(runs[kind].slice(-1)))}`);
    }
  }
  runs.faulted.push(await run('faulted', 1, Object.keys(harms).length));
  const off1 = shownOf(runs.off1);
  const on = shownOf(runs.on);
  const off2 = shownOf(runs.off2);
  const faulted = shownOf(runs.faulted);
  const beyond = (read: (shown: typeof on) => number) => {
    const [low, high] = [read(off1), read(off2)].sort((a, b) => a - b);
    return rounded({ noise: (high ?? 0) - (low ?? 0), on: read(on) - (high ?? 0) });
  };
  const reports = Object.values(runs).flatMap((some) => some.map((one) => one.accuracy));
  const verdicts = [off1, on, off2, faulted].map((one) => Object.keys(one.results).sort().join());
  return {
    portionGrams: PORTION_GRAMS,
    isAccuracySame: new Set(reports.map((report) => JSON.stringify(report))).size === 1,
    areVerdictsSame: new Set(verdicts).size === 1,
    off1,
    on,
    off2,
    faulted: { ...faulted, harms: Object.keys(harms) },
    /** The noise between the two runs without, and how much the one with is above the worse of them. */
    beyond: {
      lateP50Ms: beyond(({ lateMs }) => lateMs.p50),
      lateP99Ms: beyond(({ lateMs }) => lateMs.p99),
      trueErrorMeanGrams: beyond(({ trueErrorGrams }) => trueErrorGrams.mean),
      recordErrorMeanGrams: beyond(({ recordErrorGrams }) => recordErrorGrams.mean),
    },
  };
}

/** Each harms the camera of a daemon for good, or until it mends itself. */
const harms: Readonly<Record<string, (ringDir: string) => void>> = {
  'encoder stopped': (ringDir) => signal(ringDir, 'SIGSTOP'),
  'encoder killed': (ringDir) => signal(ringDir, 'SIGKILL'),
  'garbage in the segments': (ringDir) => {
    for (const path of segmentsIn(ringDir)) writeFileSync(path, 'no video'.repeat(5000));
  },
  'segments taken away': (ringDir) => {
    for (const name of readdirSync(ringDir)) rmSync(join(ringDir, name), { recursive: true });
  },
};

function signal(ringDir: string, name: NodeJS.Signals): void {
  for (const pid of programsThatName(`${ringDir}/`)) process.kill(pid, name);
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
    encoderCpuPercent: runs.map(({ cpuPercent }) => Math.round(cpuPercent)),
    encoders: runs.map((one) => one.encoders),
    clips: runs.map(({ clips }) => clips),
    results,
    timers: late.length,
    lateP99MsOfRuns: runs.map(({ lateMs }) => to3(percentile(lateMs, 0.99))),
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

async function run(kind: Kind, seed: number, feedings: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-isolation-'));
  const ringDir = mkdtempSync('/dev/shm/feeder-isolation-');
  const hasCamera = kind === 'on' || kind === 'faulted';
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
    if (hasCamera) await untilRunning(ask);
    await delay(ENCODER_SETTLE_MS);
    const encoder = new EncoderWatch(ringDir);
    rmSync(probeFile(daemon.pid), { force: true });
    const served: Served[] = [];
    for (let count = 0; count < feedings; count++) {
      const harm = kind === 'faulted' ? Object.values(harms)[count] : undefined;
      const wait = delay(FAULT_AFTER_MS).then(() => harm?.(ringDir));
      served.push(await feed(ask, count, join(folder, 'data')));
      await wait;
      if (harm !== undefined) await untilRunning(ask);
    }
    const { cpuPercent, count: encoders } = encoder.end();
    const clips = hasCamera ? (await ask<ClipsPage>('/clips?limit=100')).items.length : 0;
    const lateMs = readFileSync(probeFile(daemon.pid), 'utf8').trim().split('\n').map(Number);
    const accuracy = await measureAccuracy(loadProfile(PROFILE), {
      ...{ profile: 'harsh', feedings: SIMULATED_FEEDINGS, seed: 1, portionGrams: null },
    });
    return { cpuPercent, encoders, clips, served, lateMs, accuracy };
  } finally {
    await daemon.end();
    for (const dir of [folder, ringDir]) rmSync(dir, { recursive: true, force: true });
    rmSync(probeFile(daemon.pid), { force: true });
  }
}

/**
 * The camera's own programs and arguments, but an encoder that takes pictures as fast as it can and
 * works on each as long as it can: it takes a whole core of any machine. Its clips are as short as
 * they may be, so that some are made while portions are served.
 */
function greedyCamera(folder: string, ringDir: string): Record<string, string> {
  const ffmpeg = join(folder, 'ffmpeg');
  writeFileSync(
    ffmpeg,
    `#!/bin/bash
case "$*" in
*raw%03d.mp4*)
  args=()
  for arg; do
    case $arg in
    -re) ;;
    ultrafast) args+=(veryslow) ;;
    *) args+=("$arg") ;;
    esac
  done
  exec ffmpeg "\${args[@]}" ;;
esac
exec ffmpeg "$@"
`,
  );
  writeFileSync(join(folder, 'ffprobe'), '#!/bin/sh\nexec ffprobe "$@"\n');
  for (const name of ['ffmpeg', 'ffprobe']) chmodSync(join(folder, name), 0o755);
  return {
    FEEDER_CAMERA_SOURCE: 'synthetic',
    FEEDER_CAMERA_FPS: '30',
    FEEDER_CAMERA_CLIP_MS: '10000',
    FEEDER_CAMERA_PRE_ROLL_MS: '1000',
    FEEDER_CAMERA_POST_ROLL_MS: '1000',
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

async function untilRunning(ask: Ask): Promise<void> {
  const startMs = performance.now();
  while ((await ask<CameraView>('/camera')).state !== 'running') {
    if (performance.now() - startMs > RUNNING_LIMIT_MS) throw new Error('The camera does not run.');
    await delay(200);
  }
}

/** What the encoders that work in a place in memory take of a core, whichever runs. */
class EncoderWatch {
  readonly #ringDir: string;
  readonly #beganMs = performance.now();
  readonly #first = new Map<number, number>();
  readonly #last = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(ringDir: string) {
    this.#ringDir = ringDir;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  end(): { readonly cpuPercent: number; readonly count: number } {
    clearInterval(this.#timer);
    this.#look();
    const tookMs = performance.now() - this.#beganMs;
    const cpuMs = [...this.#last].reduce(
      (sum, [pid, ms]) => sum + ms - (this.#first.get(pid) ?? 0),
      0,
    );
    return { cpuPercent: (100 * cpuMs) / tookMs, count: this.#last.size };
  }

  #look(): void {
    for (const pid of programsThatName(`${this.#ringDir}/`).filter(isWriter)) {
      try {
        const ms = cpuMsOf(pid);
        if (!this.#first.has(pid)) this.#first.set(pid, ms);
        this.#last.set(pid, ms);
      } catch (error) {
        // It has just ended: its last look counts.
        const code = error instanceof Error && 'code' in error ? error.code : '';
        if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
      }
    }
  }
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
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to3(value)])) as T;
}

function to3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
