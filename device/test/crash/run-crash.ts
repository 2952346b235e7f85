import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { programFlags } from '../../src/platform/program-flags.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { type CrashFindings, checkCrash, PromiseBook } from './crash-check.ts';
import { CUT_MODES, DiskModel, type DiskState, EMPTY_DISK } from './disk-model.ts';
import { chooseFlips, logicalDump, tryFlip, withoutWal } from './flips.ts';
import { readTrace, type TraceEvent, traceProgram } from './trace.ts';

/*
 * Power cuts, enumerated: `npm run test:crash -- [--states N] [--flips N] [--feedings N] [--seed S]
 * [--control] [--json]`. Records the writes of whole feedings at the system calls, then tries the disk as it
 * may be after each of them. Exit 1 when anything acknowledged is lost, could be fed twice, or
 * cannot be read. `--control` records a database that does not sync its commits: it must fail.
 */

const options = programFlags({
  states: { type: 'number', default: 10_000 },
  flips: { type: 'number', default: 4000, min: 0 },
  feedings: { type: 'number', default: 12 },
  seed: { type: 'number', default: 1, min: 0 },
  json: { type: 'boolean' },
  control: { type: 'boolean' },
});
const wantedStates = options.states;
const EXAMPLES_MAX = 10;
const SEEDS_MAX = 10_000;

const work = mkdtempSync(join(tmpdir(), 'feeder-crash-'));
/** Crash states are put where a sync costs nothing. */
const shm = statSync('/dev/shm', { throwIfNoEntry: false });
const stateDir = shm?.isDirectory() ? mkdtempSync('/dev/shm/feeder-crash-') : join(work, 'state');

const totals = { states: 0, lost: 0, doubled: 0, corrupt: 0 };
const examples: string[] = [];

function count(where: string, findings: CrashFindings): void {
  totals.states += 1;
  for (const kind of ['lost', 'doubled', 'corrupt'] as const) {
    if (findings[kind].length === 0) continue;
    totals[kind] += 1;
    if (examples.length < EXAMPLES_MAX)
      examples.push(`${where}: ${kind} ${findings[kind].join('; ')}`);
  }
}

interface Story {
  readonly name: string;
  readonly events: readonly TraceEvent[];
  readonly initial: DiskState;
  readonly before: PromiseBook;
  readonly mayRestore: boolean;
}

/** Whole feedings on a directory that was empty. */
function record(name: string, dir: string, seed: string): TraceEvent[] {
  const traceFile = join(work, `${name}.trace`);
  const child = join(import.meta.dirname, 'crash-child.ts');
  const mode = options.control ? 'control' : 'product';
  traceProgram([child, dir, String(options.feedings), seed, mode], traceFile);
  return readTrace(traceFile, dir);
}

function makeStories(): Story[] {
  const dir = join(work, 'data');
  mkdirSync(dir);
  const events = record('feedings', dir, String(options.seed));
  const before = new PromiseBook();
  for (const event of events) before.hear(event);
  const first = { events, initial: EMPTY_DISK, before: new PromiseBook(), mayRestore: false };
  if (options.control) return [{ name: 'feedings without syncs', ...first }];
  damage(join(dir, 'db', 'feeder.db'));
  const initial = readDisk(dir);
  const restored = record('restore', dir, String(options.seed + 1));
  return [
    { name: 'feedings', ...first },
    { name: 'restore of a damaged database', events: restored, initial, before, mayRestore: true },
  ];
}

/** Every name in the ledger's pages gets another letter: rows that no checksum fits. */
function damage(file: string): void {
  const image = readFileSync(file);
  const word = Buffer.from('"feedingId":"f-');
  for (
    let at = image.lastIndexOf(word);
    at > image.length / 2;
    at = image.lastIndexOf(word, at - 1)
  ) {
    image[at + word.length - 2] = 0x67;
    if (at < 1) break;
  }
  writeFileSync(file, image);
}

function readDisk(root: string): DiskState {
  const files = new Map<string, Buffer>();
  const dirs = new Set<string>();
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isDirectory()) dirs.add(path);
    else files.set(path, readFileSync(join(root, path)));
  }
  return { files, dirs };
}

/** One pass over a story: every point, every mode; the seed decides what `some` and `torn` keep. */
function replay(story: Story, seed: number, limit: number): void {
  const random = new SeededRandom(`replay-${seed}`);
  const disk = new DiskModel(story.initial);
  const promises = new PromiseBook();
  Object.assign(promises, {
    boots: story.before.boots,
    settingsRev: story.before.settingsRev,
  });
  for (const name of ['docs', 'claims', 'turns', 'ended', 'moved'] as const) {
    for (const [key, value] of story.before[name])
      (promises[name] as Map<string, unknown>).set(key, value);
  }
  for (const [point, event] of story.events.entries()) {
    disk.apply(event);
    promises.hear(event);
    for (const mode of CUT_MODES) {
      // Without anything volatile all modes are one; without a choice one seed says it all.
      if (mode !== 'none' && disk.volatileCount === 0) continue;
      if (seed > 1 && (mode === 'none' || mode === 'all')) continue;
      if (totals.states >= limit) return;
      const state = disk.afterCut(mode, random);
      const { mayRestore } = story;
      const findings = checkCrash(state, promises, { dir: join(stateDir, 'data'), mayRestore });
      count(`${story.name}, after call ${point} (${event.kind}), ${mode}, seed ${seed}`, findings);
    }
  }
}

/** Bytes that the program handed to the disk for one feeding, edits and snapshots in between included. */
function bytesPerFeeding(events: readonly TraceEvent[]): number {
  const isSaid = (word: string) => (event: TraceEvent) =>
    event.kind === 'said' && event.line.includes(`"${word}"`);
  const story = events.slice(
    events.findIndex(isSaid('claim')),
    events.findLastIndex(isSaid('finish')),
  );
  let bytes = 0;
  for (const event of story) {
    if (event.kind === 'write' || event.kind === 'append') bytes += event.data.length;
  }
  return Math.round(bytes / Math.max(1, story.filter(isSaid('finish')).length));
}

function flipAll(image: Buffer): { flips: number; flipsUnnoticed: number } {
  const before = logicalDump(image);
  const flips = chooseFlips(image.length, options.flips, new SeededRandom(`flips-${options.seed}`));
  let flipsUnnoticed = 0;
  for (const flip of flips) {
    if (tryFlip(image, before, flip) !== 'unnoticed') continue;
    flipsUnnoticed += 1;
    if (examples.length < EXAMPLES_MAX)
      examples.push(`byte ${flip.at} ^ ${flip.mask} goes unnoticed`);
  }
  return { flips: flips.length, flipsUnnoticed };
}

try {
  const stories = makeStories();
  for (let seed = 1; totals.states < wantedStates && seed <= SEEDS_MAX; seed++) {
    for (const [i, story] of stories.entries()) {
      const share =
        seed === 1 ? Math.ceil((wantedStates * (i + 1)) / stories.length) : wantedStates;
      replay(story, seed, share);
    }
  }
  const image = withoutWal(readFileSync(join(work, 'data', 'db', 'feeder.db')));
  const summary = {
    ...totals,
    ...flipAll(image),
    bytesPerFeeding: bytesPerFeeding(stories[0]?.events ?? []),
  };
  for (const example of examples) console.log(example);
  const calls = stories.map((story) => `${story.events.length} calls of "${story.name}"`);
  console.log(`${summary.states} crash states from ${calls.join(' and ')}`);
  console.log(
    `${summary.lost} lost, ${summary.doubled} doubled, ${summary.corrupt} corrupt; ` +
      `${summary.flips} flipped bytes, ${summary.flipsUnnoticed} unnoticed; ` +
      `${summary.bytesPerFeeding} bytes written for each feeding`,
  );
  if (options.json) console.log(JSON.stringify(summary));
  const isClean = summary.lost + summary.doubled + summary.corrupt + summary.flipsUnnoticed === 0;
  process.exitCode = isClean ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(stateDir, { recursive: true, force: true });
}
