import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** The kernel takes the camera's memory before the feeder's. */
const OOM_SCORE = 900;

/**
 * Starts a program in a process group of its own. Nothing of it outlives the daemon: `setpriv` asks
 * the kernel to kill it when the thread that started it dies, however that dies. FFmpeg itself
 * notices neither a closed stdin nor a broken pipe of its reports. It yields the CPU and, when
 * memory runs out, its life to the feeder.
 */
export function spawnGroup(
  command: readonly [string, ...string[]],
  options: Pick<SpawnOptions, 'stdio' | 'cwd'>,
): ChildProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
    ...options,
    detached: true,
  });
  if (child.pid !== undefined) yieldTo(child.pid);
  return child;
}

/** Signals a whole group; one that is gone already is no error. */
export function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function yieldTo(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(OOM_SCORE));
  } catch (error) {
    // It ended at once: its end is told by its own event.
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ESRCH' || code === 'ENOENT' || code === 'ERR_SYSTEM_ERROR';
}
