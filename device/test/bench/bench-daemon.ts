import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { programFlags } from '../../src/platform/program-flags.ts';
import { buildBundle, DaemonProcess, shippedNodeFlags } from '../daemon/daemon-process.ts';
import { installedSize } from './installed-size.ts';
import { type OpenLoopResult, openLoop, type Shot } from './open-loop.ts';
import { cpuMsOf, memoryOf, percentile, threadsOf, usedBetween } from './proc-figures.ts';

/*
 * What the shipped daemon costs: time and CPU to ready, memory and wake-ups at rest, latency of the
 * API under an open-loop load, size on disk; beside it, in the same run, a bare Node and a bare
 * node:http server. Prints figures, asserts nothing.
 */

const options = programFlags({
  json: { type: 'boolean' },
  starts: { type: 'number', default: 7 },
  'idle-seconds': { type: 'number', default: 60 },
  'load-seconds': { type: 'number', default: 10 },
});
const { starts, 'load-seconds': loadSeconds } = options;
const idleMs = options['idle-seconds'] * 1000;
/** Memory is read after this long at rest. */
const REST_MS = 30_000;
/** The API takes 30 feed requests a minute: two rounds of this many fit. */
const FEEDS = 14;

const say = (line: string) => {
  if (!options.json) console.log(line);
};
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
const round = (value: number, digits = 1) => Number(value.toFixed(digits));
const split = (values: readonly number[]) => ({
  p50: round(percentile(values, 0.5), 2),
  p99: round(percentile(values, 0.99), 2),
});

const folder = mkdtempSync(join(tmpdir(), 'feeder-bench-'));
/** A Node of its own: on a feeder no second one shares the program's pages, as this bench would. */
function ownNode(name: string): string {
  const path = join(folder, `${name}-node`);
  copyFileSync(process.execPath, path);
  return path;
}

const nodePath = ownNode('daemon');
const startDaemon = (name: string) =>
  new DaemonProcess({
    entry: 'bundle',
    nodePath,
    args: ['run', '--port', '0', '--data-dir', join(folder, name)],
  });

async function startFigures() {
  const cpuMs: number[] = [];
  const wallMs: number[] = [];
  for (let start = 0; start < starts; start++) {
    // The same directory each time: the first start makes the database, a feeder does it once.
    const daemon = startDaemon('start');
    await daemon.ready();
    wallMs.push(performance.now() - daemon.startedAtMs);
    cpuMs.push(cpuMsOf(daemon.pid));
    await daemon.end();
  }
  return {
    cpuToReadyMs: { p50: round(percentile(cpuMs, 0.5)), max: round(Math.max(...cpuMs)) },
    wallToReadyMs: { p50: round(percentile(wallMs, 0.5)), max: round(Math.max(...wallMs)) },
  };
}

async function idleFigures(pid: number) {
  await wait(REST_MS);
  const memory = memoryOf(pid);
  const before = threadsOf(pid);
  await wait(idleMs);
  const used = usedBetween(before, threadsOf(pid));
  const perSecond = 1000 / idleMs;
  return {
    idlePssMb: round(memory.pssMb),
    idleAnonMb: round(memory.anonMb),
    idleRssMb: round(memory.rssMb),
    idleCpuMsPerMinute: round((used.cpuMs * 60_000) / idleMs),
    wakeupsPerSecond: round(used.wakeups * perSecond, 2),
    wakeupsByThread: Object.fromEntries(
      Object.entries(used.byThread).map(([name, count]) => [name, round(count * perSecond, 2)]),
    ),
  };
}

const statusShots = (count: number): Shot[] =>
  Array.from({ length: count }, () => ({ method: 'GET', path: '/api/v1/status' }));

async function statusFigures(url: string, pid: number) {
  const one = { url, perSecond: 50, connections: 1 };
  await openLoop({ ...one, shots: statusShots(100) });
  const alone = await openLoop({ ...one, shots: statusShots(50 * loadSeconds) });
  const shots = statusShots(200 * loadSeconds);
  const before = cpuMsOf(pid);
  const crowd = await openLoop({ url, perSecond: 200, connections: 50, shots });
  // On a busy machine latency is mostly the neighbours'; the CPU time of a request is our own.
  const cpuMicroseconds = Math.round(((cpuMsOf(pid) - before) * 1000) / shots.length);
  return { alone, crowd, cpuMicroseconds };
}

/** One real portion, then the same request again and again, and portions that are refused. */
async function feedFigures(url: string) {
  const shot = (requestId: string, portionGrams: number): Shot => ({
    method: 'POST',
    path: '/api/v1/feedings',
    body: JSON.stringify({ requestId, portionGrams }),
  });
  const shots = [
    shot('bench-real', 2),
    ...Array.from({ length: FEEDS - 1 }, () => shot('bench-real', 2)),
    ...Array.from({ length: FEEDS }, (_, index) => shot(`bench-busy-${index}`, 2)),
  ];
  return openLoop({ url, shots, perSecond: 5, connections: 1 });
}

function sumStatuses(...results: OpenLoopResult[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { statuses } of results) {
    for (const [status, count] of Object.entries(statuses)) {
      sum[status] = (sum[status] ?? 0) + count;
    }
  }
  return sum;
}

async function peerFigures(bodyLength: number) {
  const bare = spawn(ownNode('bare'), ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const server = spawn(
    process.execPath,
    [resolve(import.meta.dirname, 'peer-server.ts'), String(bodyLength)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const url = await firstLine(server);
    const { alone, crowd, cpuMicroseconds } = await statusFigures(url, server.pid ?? 0);
    await wait(2000);
    const memory = memoryOf(bare.pid ?? 0);
    return {
      bareNodePssMb: round(memory.pssMb),
      bareNodeAnonMb: round(memory.anonMb),
      bareHttpMs: split(alone.latenciesMs),
      bareHttp50Ms: split(crowd.latenciesMs),
      bareHttpCpuMicroseconds: cpuMicroseconds,
    };
  } finally {
    bare.kill();
    server.kill();
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    child.stdout?.once('data', (text: Buffer) => done(text.toString().trim()));
    child.once('exit', (code) => fail(new Error(`the peer ended with ${code}`)));
  });
}

async function bench() {
  buildBundle();
  say(`Node ${process.version}, flags ${shippedNodeFlags().join(' ')}`);
  const start = await startFigures();
  say(`ready        ${JSON.stringify(start)}`);
  const daemon = startDaemon('run');
  try {
    const url = await daemon.ready();
    const idle = await idleFigures(daemon.pid);
    say(`at rest      ${JSON.stringify(idle)}`);
    const bodyLength = (await (await fetch(`${url}/api/v1/status`)).text()).length;
    const { alone, crowd, cpuMicroseconds } = await statusFigures(url, daemon.pid);
    const statusMs = split(alone.latenciesMs);
    const status50Ms = split(crowd.latenciesMs);
    say(`status       ${JSON.stringify({ statusMs, status50Ms, cpuMicroseconds, bodyLength })}`);
    const feeds = await feedFigures(url);
    const feedMs = split(feeds.latenciesMs);
    say(`feed         ${JSON.stringify({ feedMs, statuses: feeds.statuses })}`);
    const peers = await peerFigures(bodyLength);
    say(`peers        ${JSON.stringify(peers)}`);
    const size = installedSize();
    return {
      ...start,
      ...idle,
      statusMs,
      status50Ms,
      statusCpuMicroseconds: cpuMicroseconds,
      feedMs,
      feedStatuses: feeds.statuses,
      statusStatuses: sumStatuses(alone, crowd),
      installedMb: round(size.megabytes, 2),
      installedFiles: size.files,
      peers,
    };
  } finally {
    await daemon.end();
  }
}

try {
  const figures = await bench();
  say('');
  console.log(JSON.stringify(figures));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
