import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countVitest } from '../../../scripts/count-vitest.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { programFlags } from '../../src/platform/program-flags.ts';
import { type BootEnding, GuestMachine } from './guest-machine.ts';
import { PowerCuts } from './power-cuts.ts';

/*
 * Boots the machine that scripts/kernel/build made, again and again, and runs the jobs of this folder
 * inside. Started by scripts/test-kernel, which says what else there is:
 *   run-kernel.ts --machine DIRECTORY [--only PART] [--cuts N] [--seed N] [--disk FILE] [--json]
 */

const options = programFlags({
  machine: { type: 'string', default: '' },
  only: { type: 'string' },
  cuts: { type: 'number', default: 20 },
  seed: { type: 'number', default: Date.now() % 100_000, min: 0 },
  json: { type: 'boolean' },
  /** Of a run before, prepared for power cuts: instead of the part `service`. */
  disk: { type: 'string' },
});

/** A machine that runs no job is not a failed test. */
const CANNOT_RUN = 77;
const MINUTE_MS = 60_000;
/** Fewer than this were lost on the way, not passed. */
const CHECKS_MIN: Readonly<Record<string, number>> = {
  parts: 70,
  devices: 3,
  service: 17,
  cuts: 1,
};

const say = (line: string) => (options.json ? console.error(line) : console.log(line));
const exchange = mkdtempSync(join(tmpdir(), 'feeder-kernel-'));
const machine = new GuestMachine(options.machine);
process.once('exit', () => rmSync(exchange, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const totals = { passed: 0, failed: 0 };
const failures: string[] = [];
const figures: Record<string, unknown> = {};
let inPart = 0;

function count(isPassed: boolean, name: string): void {
  inPart += 1;
  totals[isPassed ? 'passed' : 'failed'] += 1;
  if (!isPassed) failures.push(name);
  say(`${isPassed ? 'ok     ' : 'FAILED '} ${name}`);
}

/** A line of a job: a check, a figure, or what goes with a failed check. */
function take(line: string): void {
  const [, word = '', rest = ''] = /^(ok|FAILED|figure) +(.*)$/.exec(line) ?? [];
  if (word === 'ok' || word === 'FAILED') count(word === 'ok', rest);
  else if (word === 'figure') {
    const [name = '', number] = rest.split(' ');
    figures[name] = Number(number);
  } else if (line.trim() !== '') say(line);
}

/** A boot that should have come to its end. */
function expectEnd(name: string, ending: BootEnding, wanted = 0): void {
  if (ending.status === wanted) return;
  count(false, `${name}: the machine ended with ${ending.status}\n${ending.lastWords}`);
}

async function parts(): Promise<void> {
  copyFileSync(join(options.machine, 'epoll.node'), join(exchange, 'epoll.node'));
  const job = 'bash device/test/kernel/parts.sh';
  const ending = await machine
    .boot({ job, exchange, limitMs: 10 * MINUTE_MS, onLine: say })
    .ended();
  const file = join(exchange, 'vitest.json');
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const counted = countVitest(report, ending.status);
  inPart += counted.passed;
  totals.passed += counted.passed;
  say(`ok      ${counted.passed} tests of adapters on lines of the kernel`);
  for (const failure of counted.failures) count(false, failure);
  const measured = join(exchange, 'figures.json');
  if (existsSync(measured)) Object.assign(figures, JSON.parse(readFileSync(measured, 'utf8')));
}

async function devices(): Promise<void> {
  const job = 'bash device/test/kernel/devices.sh';
  const boot = machine.boot({ job, exchange, limitMs: 3 * MINUTE_MS, onLine: take });
  expectEnd('devices', await boot.ended());
}

/** Installs, updates, cuts the power on trial; leaves a disk for the power cuts. */
async function service(disk: string): Promise<void> {
  const made = spawnSync(
    process.execPath,
    ['scripts/service/real-releases.ts', join(exchange, 'releases')],
    { stdio: ['ignore', 2, 2] },
  );
  if (made.status !== 0) throw new Error('The releases could not be made; see above.');
  const boot = (script: string, onLine = take) =>
    machine.boot({
      job: `first=${packageJson.version} bash device/test/kernel/${script}`,
      exchange,
      disk,
      isSystemd: true,
      limitMs: 10 * MINUTE_MS,
      onLine,
    });
  expectEnd('installation', await boot('install.sh').ended());
  const update = boot('update.sh', (line) => {
    if (line === '@cut now') void update.cut();
    else take(line);
  });
  const ending = await update.ended();
  if (!ending.wasCut) expectEnd('updates', ending);
  expectEnd('after the trial', await boot('after-trial.sh').ended());
}

async function part(name: string, run: () => Promise<void>): Promise<void> {
  const beganMs = performance.now();
  inPart = 0;
  say(`\n== ${name}`);
  await run();
  const least = CHECKS_MIN[name] ?? 1;
  if (inPart < least) count(false, `${name}: ${inPart} checks of at least ${least} were made`);
  figures[`${name}Seconds`] = Math.round((performance.now() - beganMs) / 1000);
}

async function canBoot(): Promise<boolean> {
  const beganMs = performance.now();
  const ending = await machine.boot({ job: 'true', exchange, limitMs: MINUTE_MS }).ended();
  figures['bootSeconds'] = Math.round((performance.now() - beganMs) / 100) / 10;
  if (ending.status === 0) return true;
  say(`SKIPPED: User-Mode Linux does not run here. Its last words:\n${ending.lastWords}`);
  return false;
}

async function runAll(): Promise<void> {
  const disk = join(exchange, 'disk');
  const wants = (name: string) => options.only === undefined || options.only === name;
  if (wants('parts')) await part('parts', parts);
  if (wants('devices')) await part('devices', devices);
  if (!wants('service') && !wants('cuts')) return;
  const cuts = new PowerCuts({
    machine,
    exchange,
    disk,
    seed: options.seed,
    count,
    say,
  });
  if (options.disk === undefined) await part('service', () => service(disk));
  else spawnSync('cp', ['--sparse=always', '--preserve=timestamps', options.disk, disk]);
  if (wants('cuts')) {
    await part('cuts', async () => {
      figures['powerCuts'] = await cuts.run(options.cuts);
    });
  }
}

if (await canBoot()) {
  await runAll();
  if (options.json) console.log(JSON.stringify({ ...totals, failures, figures }));
  else say(`\n${JSON.stringify(figures)}\n${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed > 0 ? 1 : 0;
} else {
  process.exitCode = CANNOT_RUN;
}
