/*
 * Figures of the camera, with the real FFmpeg and its test picture:
 *   npm run bench:camera [-- --json] [--isolation-only]
 * Beside them real faults of real processes (as root only: they need file systems of their own), and
 * a virtual day with 200 faults. Prints figures, asserts nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clip, makeUlid } from '@cat-feeder/shared';
import { Camera } from '../../src/camera/camera.ts';
import type { CaptureSettings } from '../../src/hardware/camera/capture-command.ts';
import { FfmpegClipMaker } from '../../src/hardware/camera/ffmpeg-clip-maker.ts';
import { FfmpegSource } from '../../src/hardware/camera/ffmpeg-source.ts';
import { countFrames } from '../../src/hardware/camera/media-facts.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { programFlags } from '../../src/platform/program-flags.ts';
import { safeChance, safeRandomBytes } from '../../src/platform/safe-random.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { ClipDirectory } from '../../src/storage/clip-directory.ts';
import { faultyDay } from '../support/camera-day.ts';
import { feedingOf } from '../support/clip-fixtures.ts';
import { MemoryClipCatalogue } from '../support/memory-clip-catalogue.ts';
import { withoutAutogroup } from './autogroup.ts';
import { realFaults } from './camera-faults.ts';
import { isolationFigures } from './camera-isolation.ts';
import { writeFigures } from './camera-writes.ts';
import { differenceMs, picturedMs } from './picture-clock.ts';
import { cpuMsOf, memoryOf, percentile, programsThatName } from './proc-figures.ts';

const options = programFlags({
  json: { type: 'boolean' },
  'ring-seconds': { type: 'number', default: 30 },
  clips: { type: 'number', default: 8, min: 0 },
  'real-faults': { type: 'number', default: 8, min: 0 },
  /** Needs a quiet machine: what else runs is noise. */
  'isolation-only': { type: 'boolean' },
  'isolation-rounds': { type: 'number', default: 2, min: 0 },
  'isolation-feedings': { type: 'number', default: 4, min: 0 },
});
const say = (line: string) => {
  if (!options.json) console.log(line);
};
const round = (value: number) => Math.round(value * 10) / 10;
const spread = (values: readonly number[]) => ({
  p50: round(percentile(values, 0.5)),
  max: round(Math.max(...values)),
});

const settings: CaptureSettings = {
  ...{ source: 'synthetic', device: '', input: 'mjpeg', url: null, hasAudio: false },
  ...{ width: 1280, height: 720, fps: 15, kbps: 1500 },
};
const PRE_ROLL_MS = 3000;
const POST_ROLL_MS = 2000;
const RUNNING_LIMIT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'feeder-bench-camera-'));
const memory = mkdtempSync('/dev/shm/feeder-bench-camera-');
const clock = new SystemClock();
const files = new ClipDirectory(join(folder, 'clips'));
const catalogue = new MemoryClipCatalogue();
const arrived: { readonly clip: Clip; readonly atMs: number }[] = [];
const camera = new Camera({
  source: new FfmpegSource({
    ...{ clock, settings, ffmpeg: 'ffmpeg', encoder: 'auto', ringBase: memory, dataDir: folder },
  }),
  maker: new FfmpegClipMaker({ clock, ffmpeg: 'ffmpeg' }),
  ...{ files, catalogue, clock, chance: safeChance, logger: silentLogger },
  newId: () => makeUlid(clock.wallMs(), safeRandomBytes),
  wallMs: () => clock.wallMs(),
  believedMs: () => clock.wallMs(),
  privacy: () => null,
  isMealsOnly: () => false,
  isFeeding: () => false,
  takes: { preRollMs: PRE_ROLL_MS, postRollMs: POST_ROLL_MS, clipMs: 60_000 },
  retention: { quotaBytes: 2_000_000_000, freeBytesMin: 64_000_000, daysMax: 30 },
  ringBytesMax: 30_000_000,
  onView: () => {},
  onClip: (clip) => arrived.push({ clip, atMs: clock.monoMs() }),
});

/** The FFmpeg programs that capture into this bench's memory. */
const captures = () => programsThatName(`${memory}/`);

async function untilRunning(): Promise<number> {
  const startMs = clock.monoMs();
  while (camera.view().state !== 'running') {
    if (clock.monoMs() - startMs > RUNNING_LIMIT_MS) return Number.NaN;
    await delay(50);
  }
  return clock.monoMs() - startMs;
}

/** What the ring costs while nothing happens. */
async function ringFigures() {
  const [pid] = captures();
  if (pid === undefined) throw new Error('There is no child that could be measured.');
  const before = { childMs: cpuMsOf(pid), daemonMs: cpuMsOf(process.pid), atMs: clock.monoMs() };
  await delay(options['ring-seconds'] * 1000);
  const tookMs = clock.monoMs() - before.atMs;
  const { pssMb, rssMb } = memoryOf(pid);
  return {
    seconds: round(tookMs / 1000),
    ffmpegCpuPercent: round((100 * (cpuMsOf(pid) - before.childMs)) / tookMs),
    daemonCpuPercent: round((100 * (cpuMsOf(process.pid) - before.daemonMs)) / tookMs),
    ffmpegPssMb: round(pssMb),
    ffmpegRssMb: round(rssMb),
    ringMb: round(usedKb(memory) / 1024),
  };
}

function usedKb(dir: string): number {
  return Number(spawnSync('du', ['-sk', dir], { encoding: 'utf8' }).stdout.split('\t')[0]);
}

/** Events one after the other: how long until each clip can be played, and what it shows. */
async function clipFigures(count: number) {
  const playableMs: number[] = [];
  const boundaryMs: number[] = [];
  let corrupt = 0;
  for (let event = 0; event < count; event++) {
    const feeding = feedingOf({ id: makeUlid(clock.wallMs(), safeRandomBytes) });
    // At another moment of the segment each time, and so late that no second belongs to the clip before.
    await delay(PRE_ROLL_MS + 1000 + 137 * event);
    const fromWallMs = clock.wallMs() - PRE_ROLL_MS;
    const before = arrived.length;
    camera.feedingBegan(feeding);
    await delay(2500);
    camera.feedingEnded({ ...feeding, state: 'done', result: 'served' });
    const untilWallMs = clock.wallMs() + POST_ROLL_MS;
    const dueMs = clock.monoMs() + POST_ROLL_MS;
    while (arrived.length === before && clock.monoMs() < dueMs + RUNNING_LIMIT_MS) await delay(10);
    const made = arrived[before];
    const path = made === undefined ? null : files.path(made.clip.id, 'video');
    if (made === undefined || path === null) {
      corrupt += 1;
      continue;
    }
    playableMs.push(made.atMs - dueMs);
    const shown = picturedMs(path, settings.width);
    // Time that is missing is an error as well as time that is too much.
    boundaryMs.push(Math.abs(differenceMs(fromWallMs, shown.first)));
    boundaryMs.push(Math.abs(differenceMs(untilWallMs, shown.last)));
    const frames = await countFrames({ clock, ffprobe: 'ffprobe' }, path);
    if (frames !== made.clip.frames) corrupt += 1;
  }
  return {
    count: playableMs.length,
    playableAfterPostRollMs: spread(playableMs),
    boundaryErrorMs: spread(boundaryMs),
    segmentMs: 1000,
    corrupt,
  };
}

/** The camera alone: its ring, its clips and its faults. */
async function cameraFigures() {
  camera.start();
  const startMs = round(await untilRunning());
  say(`running after ${startMs} ms`);
  await delay(6000);
  const ring = await ringFigures();
  say(`ring ${JSON.stringify(ring)}`);
  const clips = await clipFigures(options.clips);
  say(`clips ${JSON.stringify(clips)}`);
  const day = await faultyDay({ seed: 'bench', faults: 200 });
  say(`virtual day ${JSON.stringify(day)}`);
  await camera.stop();
  const left = captures().length;
  say(`left over: ${left}`);
  const real = await realFaults(options['real-faults']);
  say(`real faults ${JSON.stringify(real)}`);
  const writes = writeFigures();
  say(`writes ${JSON.stringify(writes)}`);
  return { startMs, ring, clips, real, day, left, writes };
}

try {
  const alone = options['isolation-only'] ? {} : await cameraFigures();
  const isolation = await withoutAutogroup(() =>
    isolationFigures(options['isolation-rounds'], options['isolation-feedings'], say),
  );
  if (options.json) console.log(JSON.stringify({ ...alone, isolation }));
  else say(`isolation ${JSON.stringify(isolation)}`);
} finally {
  for (const dir of [folder, memory]) rmSync(dir, { recursive: true, force: true });
}
