import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clip, makeUlid, type Privacy } from '@cat-feeder/shared';
import { Camera } from '../../src/camera/camera.ts';
import { FfmpegClipMaker } from '../../src/hardware/camera/ffmpeg-clip-maker.ts';
import { FfmpegSource } from '../../src/hardware/camera/ffmpeg-source.ts';
import { countFrames } from '../../src/hardware/camera/media-facts.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { safeChance, safeRandomBytes } from '../../src/platform/safe-random.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { ClipDirectory } from '../../src/storage/clip-directory.ts';
import { feedingOf } from '../support/clip-fixtures.ts';
import { MemoryClipCatalogue } from '../support/memory-clip-catalogue.ts';
import { testCapture } from '../support/test-capture.ts';
import { percentile, programsThatName } from './proc-figures.ts';

/*
 * Real faults, one in the middle of each meal, on real processes and files: FFmpeg behind a stand-in
 * for a camera program, segments and clips on small file systems in memory of their own.
 */

const TMPFS_MB = 24;
const QUOTA_BYTES = 3_000_000;
const POST_ROLL_MS = 1000;
const SEEN_MS = 1500;
const RUNNING_LIMIT_MS = 90_000;
/** A child fails for good after five in a row; a switch that is pressed forgets them. */
const FAULTS_IN_A_ROW = 3;

const clock = new SystemClock();

interface Bench {
  readonly folder: string;
  readonly ring: string;
  readonly clips: string;
  readonly camera: Camera;
  readonly files: ClipDirectory;
  readonly catalogue: MemoryClipCatalogue;
  privacy: Privacy;
  mostBytes: number;
}

/** Each does its harm, at once or by making it likely, and returns what mends it again. */
const faults: Readonly<Record<string, (bench: Bench) => () => void>> = {
  'child killed': (bench) => signalled(children(bench), 'SIGKILL'),
  'child stopped': (bench) => signalled(children(bench), 'SIGSTOP'),
  'source stalled': (bench) => signalled(sources(bench), 'SIGSTOP'),
  'source killed': (bench) => signalled(sources(bench), 'SIGKILL'),
  garbage: ({ ring }) => {
    for (const path of segmentsIn(ring)) writeFileSync(path, 'no video'.repeat(5000));
    return () => {};
  },
  'ring emptied': ({ ring }) => {
    for (const name of readdirSync(ring)) rmSync(join(ring, name), { recursive: true });
    return () => {};
  },
  'ring full': ({ ring }) => filled(ring),
  'disk full': ({ clips }) => filled(clips),
};

/** The figures of so many faults, of each kind in turn; null where nobody may mount a file system. */
export async function realFaults(count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-bench-faults-'));
  const [ring, clips] = ['ring', 'clips'].map((name) => join(folder, name)) as [string, string];
  const mounted: string[] = [];
  try {
    for (const dir of [ring, clips]) {
      mkdirSync(dir);
      const args = ['-t', 'tmpfs', '-o', `size=${TMPFS_MB}m`, 'tmpfs', dir];
      if (spawnSync('mount', args).status !== 0) return null;
      mounted.push(dir);
    }
    return await faultFigures(openBench(folder, { ring, clips }), count);
  } finally {
    for (const dir of mounted) spawnSync('umount', ['-l', dir]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function faultFigures(bench: Bench, count: number) {
  const { camera, catalogue } = bench;
  const kinds = Object.keys(faults);
  const injected: Record<string, number> = {};
  const backMs: number[] = [];
  let orphans = 0;
  camera.start();
  await untilRunning(bench);
  for (let fault = 0; fault < count; fault++) {
    const kind = kinds[fault % kinds.length] ?? '';
    await meal(bench, async () => {
      const mend = faults[kind]?.(bench);
      injected[kind] = (injected[kind] ?? 0) + 1;
      const startMs = clock.monoMs();
      await delay(SEEN_MS);
      // A full disk is still full when the clip is made.
      if (kind !== 'disk full') mend?.();
      await untilRunning(bench);
      backMs.push(clock.monoMs() - startMs);
      return mend ?? (() => {});
    });
    orphans = Math.max(orphans, children(bench).length - 1, sources(bench).length - 1);
    if (fault % FAULTS_IN_A_ROW === FAULTS_IN_A_ROW - 1) await pressSwitch(bench);
  }
  await pressSwitch(bench);
  const madeBefore = catalogue.totals().count;
  await meal(bench, async () => () => {});
  await camera.desk.tidy();
  const finalState = camera.view().state;
  const isWorking = finalState === 'running' && catalogue.ledger.at(-1)?.name === 'clip.recorded';
  const corrupt = await corruptOf(bench);
  const stored = new Set((await bench.files.list()).map(({ id }) => id));
  await camera.stop();
  return {
    injected,
    clipsMade: catalogue.ledger.filter(({ name }) => name === 'clip.recorded').length,
    clipsNotMade: catalogue.ledger.filter(
      (entry) => entry.name === 'clip.dropped' && entry.body.reason === 'not_made',
    ).length,
    clipsLeft: madeBefore,
    corrupt,
    orphans,
    left: children(bench).length + sources(bench).length,
    rowsWithoutFile: catalogue.all().filter(({ id }) => !stored.has(id)).length,
    filesWithoutRow: [...stored].filter((id) => catalogue.get(id) === undefined).length,
    quotaExceededBytes: Math.max(0, bench.mostBytes - QUOTA_BYTES),
    backToRunningMs: {
      p50: Math.round(percentile(backMs, 0.5)),
      max: Math.round(Math.max(...backMs)),
    },
    finalState,
    isWorking,
  };
}

/** A meal with something in its middle, until its clip is made or lost. */
async function meal(bench: Bench, middle: () => Promise<() => void>): Promise<void> {
  const { camera, files, catalogue } = bench;
  const feeding = feedingOf({ id: makeUlid(clock.wallMs(), safeRandomBytes) });
  const told = catalogue.ledger.length;
  camera.feedingBegan(feeding);
  await delay(SEEN_MS);
  const mend = await middle();
  camera.feedingEnded({ ...feeding, state: 'done', result: 'served' });
  const dueMs = clock.monoMs() + POST_ROLL_MS + 10_000;
  while (catalogue.ledger.length === told && clock.monoMs() < dueMs) await delay(100);
  await camera.desk.settled();
  mend();
  bench.mostBytes = Math.max(bench.mostBytes, (await files.space()).usedBytes);
}

async function pressSwitch(bench: Bench): Promise<void> {
  for (const privacy of ['switch', null] as const) {
    bench.privacy = privacy;
    bench.camera.settingsChanged();
    const startMs = clock.monoMs();
    const wanted = privacy === null ? 'running' : 'off';
    while (bench.camera.view().state !== wanted && clock.monoMs() - startMs < RUNNING_LIMIT_MS) {
      await delay(50);
    }
  }
}

async function untilRunning({ camera }: Bench): Promise<void> {
  const startMs = clock.monoMs();
  // Running again only counts when it goes on: the harm may not have been noticed yet.
  let sinceMs = startMs;
  while (clock.monoMs() - sinceMs < SEEN_MS && clock.monoMs() - startMs < RUNNING_LIMIT_MS) {
    if (camera.view().state !== 'running') sinceMs = clock.monoMs();
    await delay(50);
  }
}

/** Clips whose file is not what their row says, or of which not every picture can be decoded. */
async function corruptOf({ catalogue, files }: Bench): Promise<number> {
  let corrupt = 0;
  for (const { id, frames } of catalogue.all()) {
    const path = files.path(id, 'video');
    const decoded = path === null ? 0 : await countFrames({ clock, ffprobe: 'ffprobe' }, path);
    if (decoded !== frames) corrupt += 1;
  }
  return corrupt;
}

function openBench(folder: string, { ring, clips }: { ring: string; clips: string }): Bench {
  const program = join(folder, 'rpicam-vid');
  // The name in its arguments tells this bench's own from all others.
  writeFileSync(
    program,
    '#!/bin/sh\nexec ffmpeg -v error -nostdin -re -f lavfi -i testsrc2=size=320x240:rate=10 ' +
      `-metadata title=${folder}/source -c:v libx264 -preset ultrafast -tune zerolatency -g 10 ` +
      '-f h264 pipe:1\n',
  );
  chmodSync(program, 0o755);
  process.env['PATH'] = `${folder}:${process.env['PATH']}`;
  const files = new ClipDirectory(clips);
  const catalogue = new MemoryClipCatalogue();
  const camera = new Camera({
    source: new FfmpegSource({
      ...{ clock, ffmpeg: 'ffmpeg', encoder: 'auto', ringBase: ring, dataDir: folder },
      settings: { ...testCapture, source: 'rpicam' },
    }),
    maker: new FfmpegClipMaker({ clock, ffmpeg: 'ffmpeg' }),
    ...{ files, catalogue, clock, chance: safeChance, logger: silentLogger },
    newId: () => makeUlid(clock.wallMs(), safeRandomBytes),
    wallMs: () => clock.wallMs(),
    believedMs: () => clock.wallMs(),
    privacy: () => bench.privacy,
    isMealsOnly: () => false,
    isFeeding: () => false,
    takes: { preRollMs: 1000, postRollMs: POST_ROLL_MS, clipMs: 60_000 },
    retention: { quotaBytes: QUOTA_BYTES, freeBytesMin: 1_000_000, daysMax: 30 },
    ringBytesMax: 10_000_000,
    onView: () => {},
    onClip: (_clip: Clip) => {},
  });
  const bench: Bench = {
    ...{ folder, ring, clips, camera, files, catalogue },
    privacy: null,
    mostBytes: 0,
  };
  return bench;
}

/** The FFmpeg that writes segments, and the camera program before it. */
const children = ({ ring }: Bench) => programsThatName(`${ring}/`).filter(isWriter);
const sources = ({ folder }: Bench) => programsThatName(`${folder}/source`);

/** Whether a program is the one that writes segments; one that has ended is not. */
export function isWriter(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`).includes('raw%03d');
}

function signalled(pids: readonly number[], signal: NodeJS.Signals): () => void {
  for (const pid of pids) process.kill(pid, signal);
  return () => {};
}

/** Segments in a place in memory, whoever wrote them. */
export function segmentsIn(ring: string): readonly string[] {
  return readdirSync(ring, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.mp4'))
    .map((name) => join(ring, name));
}

/** Takes all that is free. */
function filled(dir: string): () => void {
  const path = join(dir, 'filler');
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - 4096)));
  return () => rmSync(path, { force: true });
}
