import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Count, countVitest } from './count-vitest.ts';

type Step = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
};

const MINUTE_MS = 60_000;
const KILL_GRACE_MS = 5_000;

/** Each step counts as one: passed when it exits with 0. Add further checks here. */
const steps: readonly Step[] = [
  { name: 'build', command: ['npm', 'run', '-s', 'build'], timeoutMs: 5 * MINUTE_MS },
  { name: 'types', command: ['npm', 'run', '-s', 'typecheck'], timeoutMs: 5 * MINUTE_MS },
  { name: 'lint', command: ['npm', 'run', '-s', 'lint'], timeoutMs: 5 * MINUTE_MS },
  { name: 'format', command: ['npm', 'run', '-s', 'format:check'], timeoutMs: 5 * MINUTE_MS },
  {
    name: 'simulated device',
    command: ['npm', 'run', '-s', 'sim:device', '--', '--seeds', '40', '--days', '4', '--json'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'mutants of the device',
    command: ['npm', 'run', '-s', 'sim:mutants', '--', '--seeds', '60', '--json'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'simulated sync',
    command: ['npm', 'run', '-s', 'sim:sync', '--', '--seeds', '150', '--json'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'mutants of the sync',
    command: ['npm', 'run', '-s', 'sim:sync:mutants', '--', '--seeds', '300', '--json'],
    timeoutMs: 10 * MINUTE_MS,
  },
  {
    name: 'arm64 addon under qemu',
    command: ['scripts/build-native', '--smoke'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'installed service under systemd',
    command: ['scripts/test-systemd'],
    timeoutMs: 10 * MINUTE_MS,
  },
];

/** How a step says that this machine cannot run it: shown above the count, never silently. */
const EXIT_SKIPPED = 77;
const skipped: string[] = [];

const VITEST_TIMEOUT_MS = 20 * MINUTE_MS;

/** Aborted when someone stops the checks: the running step ends, the others do not start. */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

/** Runs one command with its output shown; resolves to its exit code, or null when it was killed. */
function run(command: Step['command'], timeoutMs: number): Promise<number | null> {
  if (stop.signal.aborted) return Promise.resolve(null);
  const [program, ...args] = command;
  return new Promise((resolve) => {
    // Its own process group, so that a hanging step takes its children with it.
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    const signalGroup = (signal: NodeJS.Signals) => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group has ended by itself in the meantime.
      }
    };
    let killTimer: NodeJS.Timeout | undefined;
    const endGroup = () => {
      signalGroup('SIGTERM');
      killTimer ??= setTimeout(() => signalGroup('SIGKILL'), KILL_GRACE_MS);
    };
    const timer = setTimeout(endGroup, timeoutMs);
    stop.signal.addEventListener('abort', endGroup);
    const end = (code: number | null) => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      stop.signal.removeEventListener('abort', endGroup);
      resolve(code);
    };
    child.once('error', () => end(null));
    child.once('exit', end);
  });
}

async function runStep(step: Step): Promise<Count> {
  console.log(`\n== ${step.name}: ${step.command.join(' ')}`);
  const code = await run(step.command, step.timeoutMs);
  if (code === 0) return { passed: 1, failures: [] };
  if (code === EXIT_SKIPPED) {
    skipped.push(`${step.name}: \`${step.command.join(' ')}\` says why`);
    return { passed: 0, failures: [] };
  }
  const how = code === null ? 'did not finish' : `exit ${code}`;
  return { passed: 0, failures: [`${step.name}: ${how}`] };
}

async function runVitest(): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-checks-'));
  const outputFile = join(folder, 'vitest.json');
  console.log('\n== tests: vitest run');
  try {
    const code = await run(
      ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`],
      VITEST_TIMEOUT_MS,
    );
    return countVitest(readReport(outputFile), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // No report: vitest crashed, which countVitest counts as a failure.
  }
}

async function runEverything(): Promise<readonly Count[]> {
  const counts: Count[] = [];
  for (const step of steps) counts.push(await runStep(step));
  counts.push(await runVitest());
  return counts;
}

const counts = await runEverything().catch((error: unknown): readonly Count[] => [
  { passed: 0, failures: [`the checks themselves broke: ${String(error)}`] },
]);
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failures = counts.flatMap((count) => count.failures);
if (failures.length > 0)
  console.log(`\nFailed:\n${failures.map((line) => `  ${line}`).join('\n')}`);
if (skipped.length > 0) {
  console.log(`\nSKIPPED (${skipped.length}):\n${skipped.map((line) => `  ${line}`).join('\n')}`);
}
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
