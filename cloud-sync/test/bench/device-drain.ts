import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventKinds } from '@cat-feeder/shared';
import { CloudHttp } from '../../../device/src/cloud/cloud-http.ts';
import { CloudLink } from '../../../device/src/cloud/cloud-link.ts';
import { DeviceIdentity } from '../../../device/src/cloud/device-identity.ts';
import { silentLogger } from '../../../device/src/platform/logger.ts';
import { SystemClock } from '../../../device/src/platform/system-clock.ts';
import { openStore } from '../../../device/src/storage/store.ts';
import { benchBody } from './bench-feeder.ts';
import { paced } from './rivals/facts.ts';

/* One feeder's link in a process of its own; told by its argument, it prints what it used. */

interface Told {
  readonly folder: string;
  readonly url: string;
  readonly events: number;
  /** The number of the first one; 0 unless given. */
  readonly first?: number;
  /** Entries come at this rate while the link is up; otherwise all of them are there at the start. */
  readonly perSecond?: number;
  /** Entries come one after the other, each sent before the next. */
  readonly isDay?: boolean;
  /** Without the link. */
  readonly isAlone?: boolean;
}

export interface DrainFigures {
  readonly appended: number;
  /** By the wall clock: when the link had what it drained, and when the cloud had all of it. */
  readonly beganMs: number;
  readonly endedMs: number;
  readonly drainMs: number;
  readonly cpuMs: number;
  /** Heap that the link needed at most. */
  readonly heapMb: number;
  readonly writtenBytes: number;
}

const PER_TRANSACTION = 100;
const PAUSE_MS = 300;
const LIMIT_MS = 120_000;
/** Rarely enough to cost nothing beside what is measured. */
const LOOK_MS = 20;

const told = JSON.parse(process.argv[2] ?? '{}') as Told;
const clock = new SystemClock();
const bootId = randomBytes(8).toString('hex');
const time = () => {
  const monoMs = clock.monoMs();
  return { wallMs: Date.now(), monoMs, ageMs: monoMs, bootId, quality: 'synchronized' as const };
};
const calibration = { zeroCounts: 0, countsPerGram: 420, noiseGrams: 0.1 };
const store = openStore({
  ...{ at: join(told.folder, 'data'), time },
  defaultCalibration: { ...calibration, taredAtMs: null, spannedAtMs: null },
});
const identity = DeviceIdentity.open(join(told.folder, 'identity.json'), 'bench');
const { url } = told;
const http = new CloudHttp({ url, identity, monoMs: () => clock.monoMs() });
const link = new CloudLink({
  ...{ clock, logger: silentLogger, store: store.sync, http },
  random: (length) => randomBytes(length),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  now: () => ({ monoMs: clock.monoMs(), wallMs: Date.now(), tq: 2 }),
  ...{ boot: randomBytes(8).toString('base64url'), firmware: 'bench' },
  ...{ validate: () => null, present: () => ({}), outcomeOf: () => null, isFeeding: () => false },
  execute: async () => ({ end: 'refused', reason: 'bench', feedingId: null }),
  onAppended: (tell) =>
    store.log.onEntry(({ name }) => tell(name === undefined ? 'A' : eventKinds[name].class)),
});

let heapMb = 0;
const heapNow = () => process.memoryUsage().heapUsed / 1e6;
const writtenNow = () =>
  Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

async function untilCaughtUp(): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += LOOK_MS) {
    const { state, waiting } = link.view();
    if (state === 'online' && waiting === 0) return;
    heapMb = Math.max(heapMb, heapNow());
    await sleep(LOOK_MS);
  }
  throw new Error(`The link did not catch up: ${link.view().why}`);
}

async function untilOnline(): Promise<void> {
  while (link.view().state !== 'online') await sleep(LOOK_MS);
}

async function day(): Promise<void> {
  for (let n = 0; n < told.events; n++) {
    store.record('feeding.ended', benchBody(n));
    if (told.isAlone === true) continue;
    await sleep(PAUSE_MS);
    await untilCaughtUp();
  }
}

function backlog(): void {
  for (let done = 0; done < told.events; ) {
    store.write('bench', () => {
      for (let n = 0; n < PER_TRANSACTION && done < told.events; n++, done++) {
        store.sync.append('feeding.ended', benchBody((told.first ?? 0) + done));
      }
    });
  }
}

/** Entries come, whatever becomes of the cloud. */
async function flow(perSecond: number): Promise<void> {
  const first = told.first ?? 0;
  await paced({ events: told.events, perSecond }, (n) => {
    store.record('feeding.ended', benchBody(first + n));
  });
  await untilCaughtUp();
}

const isBacklog = told.isDay !== true && told.perSecond === undefined;
if (isBacklog) backlog();
else if (told.isAlone !== true) {
  link.start();
  await untilCaughtUp();
}
globalThis.gc?.();
const before = { heap: heapNow(), written: writtenNow() };
let beganMs = performance.now();
const usage = process.cpuUsage();
if (told.isDay === true) await day();
else if (told.perSecond !== undefined) await flow(told.perSecond);
else {
  link.start();
  // The line and the token are there anyway; what counts is the backlog after hello.
  await untilOnline();
  beganMs = performance.now();
  await untilCaughtUp();
}
const used = process.cpuUsage(usage);
const endedMs = Date.now();
const drainMs = performance.now() - beganMs;
const figures: DrainFigures = {
  appended: store.log.head().seq,
  ...{ beganMs: endedMs - drainMs, endedMs, drainMs },
  cpuMs: (used.user + used.system) / 1000,
  heapMb: Math.max(0, heapMb - before.heap),
  writtenBytes: writtenNow() - before.written,
};
link.stop();
store.close();
console.log(JSON.stringify(figures));
process.exit(0);
