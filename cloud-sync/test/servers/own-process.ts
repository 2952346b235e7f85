import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;
const STOP_GRACE_MS = 5_000;
const LOG_TAIL_CHARS = 2_000;

/** A process that this rig started, and nobody else's: it is ended by its own number. */
export interface OwnProcess {
  readonly pid: number;
  isRunning(): boolean;
  /** Asks it to end, and ends it when it does not listen. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logPath: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program that dies with this one, whatever ends it. */
export function startProcess(plan: ProcessPlan): OwnProcess {
  const log = openSync(plan.logPath, 'a');
  const args = ['--pdeathsig', 'KILL', '--', plan.command, ...plan.args];
  const child = spawn('setpriv', args, {
    stdio: ['ignore', log, log],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...plan.env },
  });
  closeSync(log);
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    pid: child.pid ?? 0,
    isRunning: () => isRunning(child),
    stop: async () => {
      child.kill('SIGTERM');
      const grace = new AbortController();
      const late = sleep(STOP_GRACE_MS, 'late', { signal: grace.signal }).catch(() => 'gone');
      if ((await Promise.race([gone, late])) === 'late') child.kill('SIGKILL');
      grace.abort();
      await gone;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function isRunning({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

/** Waits until a check holds; throws with the end of the log when it does not, or the process ends. */
export async function untilReady(
  process: OwnProcess,
  plan: { readonly name: string; readonly logPath: string; readonly timeoutMs: number },
  check: () => Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; waitedMs <= plan.timeoutMs; waitedMs += POLL_MS) {
    if (!process.isRunning()) break;
    if (await check().catch(() => false)) return;
    await sleep(POLL_MS);
  }
  const log = existsSync(plan.logPath) ? readFileSync(plan.logPath, 'utf8') : '';
  throw new Error(`${plan.name} did not start:\n${log.slice(-LOG_TAIL_CHARS)}`);
}

/** Runs a program to its end and returns what it printed; throws when it fails. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${errors || output}`);
  return output;
}

/** A port of loopback that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
