/*
 * Figures of the hardware's native side over its fake kernel:
 *   npm run bench:hardware [-- --json]
 * What the real kernel's calls cost comes on top on a device: here they are a lock and a few lines of C.
 */
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Hx711Request, Hx711Result, InputEvent } from '@cat-feeder/board-io';
import { loadFakeBoard } from '../../native/board-io/fake/fake-board.ts';
import { programFlags } from '../../src/platform/program-flags.ts';

const options = programFlags({ json: { type: 'boolean' } });

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const [ENABLE, DATA, CLOCK, BUTTON] = [17, 5, 6, 23] as const;

const BLOCKED_MS = 2_000;
const BLOCKS = 5;
const RUN_MS = 40;
const DECODED = 20_000;
const EDGES = 400;
const WATCHED_MS = 8_000;
const BATCHED = 88;

/** Median, 99th percentile and the worst, in the unit that came in. */
function spread(samples: readonly number[]) {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const round = (value: number | undefined) => Math.round((value ?? Number.NaN) * 1000) / 1000;
  return {
    count: sorted.length,
    p50: round(at(0.5)),
    p99: round(at(0.99)),
    max: round(sorted.at(-1)),
  };
}

const request: Hx711Request = {
  source: { kind: 'lines', chip, dataLine: DATA, clockLine: CLOCK, consumer: 'bench' },
  gain: 128,
  samplesPerSecond: 80,
  notReadyMs: 60_000,
};

/** The event loop does not turn for so long; the body is called all the time. */
function block(ms: number, body: () => void): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) body();
}

/** Runs end at their deadlines while this thread never comes back to its loop. */
async function measureDrive() {
  const drive = board.openDrive(
    {
      chip,
      consumer: 'bench',
      lines: [{ line: ENABLE, activeLow: false }],
      powerMask: 1,
      deadTimeUs: 0,
    },
    () => undefined,
  );
  const lateMs: number[] = [];
  const stopMs: number[] = [];
  const startMs: number[] = [];
  const fallMs = () => fake.history(ENABLE).at(-1)?.atMs ?? Number.NaN;
  for (let i = 0; i < BLOCKS; i++) {
    block(BLOCKED_MS, () => {
      const before = drive.state().deadlines;
      const calledMs = board.monotonicMs();
      drive.run({ levels: 1, ms: RUN_MS });
      while (fake.line(chip, ENABLE).level === 0 && !isPast(calledMs, RUN_MS));
      if (fake.line(chip, ENABLE).level === 1) startMs.push(fallMs() - calledMs);
      while (drive.state().running && !isPast(calledMs, 100 * RUN_MS));
      const { deadlines, lastLateMs } = drive.state();
      if (deadlines > before) lateMs.push(lastLateMs);
      drive.run({ levels: 1, ms: 10_000 });
      while (fake.line(chip, ENABLE).level === 0 && !isPast(calledMs, 100 * RUN_MS));
      const stoppedMs = board.monotonicMs();
      drive.stop();
      stopMs.push(fallMs() - stoppedMs);
    });
    await delay(1);
  }
  const { realTime } = drive.state();
  drive.close();
  return {
    startMs: spread(startMs),
    deadlineLateMs: spread(lateMs),
    stopToLowMs: spread(stopMs),
    realTime,
  };
}

function isPast(sinceMs: number, ms: number): boolean {
  return board.monotonicMs() - sinceMs > ms;
}

/** All conversions wait already: what one costs, from the pulses to the listener. */
async function measureDecoding(batch: number) {
  fake.hx711Lines(chip, DATA, CLOCK);
  let samples = 0;
  const cell = board.openHx711(request, (results: readonly Hx711Result[]) => {
    for (const { kind } of results) samples += kind === 'sample' ? 1 : 0;
  });
  cell.setBatch(batch);
  const before = process.cpuUsage();
  while (samples < DECODED) {
    const { waiting } = fake.hx711Report();
    if (waiting < 500) fake.hx711Convert(-123_456, 500);
    await delay(1);
  }
  const { user, system } = process.cpuUsage(before);
  const { meanReadUs, stretched, worstHighUs, realTime } = cell.tally();
  cell.close();
  const cpuUs = Math.round(((user + system) / samples) * 10) / 10;
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    samples,
    cpuUsPerSample: cpuUs,
    meanReadUs: round(meanReadUs),
    worstHighUs: round(worstHighUs),
    stretched,
    realTime,
  };
}

async function measureEdges() {
  const waitMs: number[] = [];
  const take = (event: InputEvent) => waitMs.push(board.monotonicMs() - event.atMs);
  const input = board.openInput(
    {
      chip,
      line: BUTTON,
      consumer: 'bench',
      activeLow: false,
      bias: 'up',
      edges: 'both',
      debounceUs: 0,
    },
    ({ events }) => events.forEach(take),
  );
  for (let i = 0; i < EDGES; i++) {
    fake.put(chip, BUTTON, i % 2 === 0 ? 1 : 0);
    await delay(3);
  }
  input.close();
  return spread(waitMs);
}

/** Share of one core at 80 conversions a second, the bench's own timer included. */
async function measureLoad(batch: number) {
  fake.hx711Lines(chip, DATA, CLOCK);
  let samples = 0;
  const cell = board.openHx711(request, (results) => {
    samples += results.length;
  });
  cell.setBatch(batch);
  const pump = setInterval(() => fake.hx711Convert(1, 1), 12.5);
  const before = process.cpuUsage();
  await delay(WATCHED_MS);
  const { user, system } = process.cpuUsage(before);
  clearInterval(pump);
  cell.close();
  const percent = (user + system) / 10 / WATCHED_MS;
  return { samples, percentOfOneCore: Math.round(percent * 100) / 100 };
}

fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2711', 58);
const figures = {
  machine: cpus()[0]?.model ?? 'unknown',
  node: process.version,
  blockedMs: BLOCKED_MS,
  drive: await measureDrive(),
  hx711: {
    eachAtOnce: await measureDecoding(1),
    inBatches: await measureDecoding(BATCHED),
    loadAt80: await measureLoad(1),
    loadAt80InBatches: await measureLoad(BATCHED),
  },
  edgeToCallbackMs: await measureEdges(),
};
fake.reset();
console.log(options.json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2));
